import { RULE_SECTIONS, sectionTitle } from '@user-engine/store-protocol'
import junit, { type Builder, type TestCase } from 'junit-report-builder'
import { describeFailure, describeRace, describeWaiver } from '../format-report.ts'
import type { CaseResult, ConformanceReport } from '../report.ts'

// The library's types put its builder under `default`; its module is the builder.
const rootBuilder = junit as unknown as Builder

/**
 * The report as JUnit XML: one suite per section of the contract, one test per case. A case that could not be judged is
 * an error; waived and advisory troubles are skipped tests, so that they turn no build red.
 */
export function renderJUnit(report: ConformanceReport): string {
  const builder = rootBuilder.newBuilder().name(`conformance of ${forXml(report.harness)}: ${report.verdict}`)
  for (const section of RULE_SECTIONS) {
    const cases = report.cases.filter(({ id }) => id.startsWith(`${section}-`))
    if (cases.length === 0) continue
    const suite = builder
      .testSuite()
      .name(`${section}: ${sectionTitle(section)}`)
      .timestamp(report.startedAt)
      .time(cases.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1_000)
    for (const result of cases) describeCase(suite.testCase(), result)
  }
  // What made the run invalid need not be a case, and a file without an error in it would read as a success.
  if (report.verdict === 'invalid') {
    const test = builder.testSuite().name('the run').testCase().className('run').name('judges the store')
    test.error(forXml(report.reasons.join(' ')), 'invalid')
  }
  if (report.waivers.length > 0) {
    const suite = builder.testSuite().name('waivers')
    for (const waiver of report.waivers) suite.property(waiver.rule, forXml(describeWaiver(waiver)))
  }
  return builder.build()
}

function describeCase(test: TestCase, result: CaseResult): void {
  const { id, title, rules, durationMs, notes, races, reason, failure, status, advisory, waived } = result
  test
    .className(rules[0] ?? id)
    .name(forXml(`${id}: ${title}`))
    .time(durationMs / 1_000)
  const output = [...notes, ...races.map(describeRace)]
  if (status === 'skipped' || ((failure !== null || status === 'invalid') && (advisory || waived))) {
    test.skipped()
    const why = failure === null ? [reason ?? ''] : describeFailure(failure)
    output.push([...(waived ? ['waived'] : []), ...(advisory ? ['advisory'] : []), ...why].join('\n'))
  } else if (failure !== null) {
    test
      .failure(forXml(failure.what), failure.rule.split(':')[0])
      .stacktrace(forCdata(describeFailure(failure).join('\n')))
  } else if (status === 'invalid') test.error(forXml(reason ?? ''), 'invalid')
  if (output.length > 0) test.standardOutput(forCdata(output.join('\n')))
}

// The library escapes the end of a section only where it stands first.
function forCdata(text: string): string {
  return forXml(text).replaceAll(']]>', ']] >')
}

// XML 1.0 has no place for control characters and lone surrogates, not even escaped.
function forXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.toWellFormed().replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD')
}
