import type { CaseResult, CaseStatus, ConformanceReport, RuleStatus, Verdict } from './report.ts'

const VERDICTS: { readonly [Verdict_ in Verdict]: string } = {
  conformant: 'conformant',
  'not-conformant': 'not conformant',
  partial: 'partial: the selected cases passed, the rest of the contract was not judged',
  invalid: 'invalid: the store could not be judged',
}

/** The report for a terminal: the verdict, what failed and where to look, what was observed, and what was not shown. */
export function formatReport(report: ConformanceReport): string {
  const { store, cases, rules } = report
  const count = (status: CaseStatus) => cases.filter((result) => result.status === status).length
  const rulesWith = (status: RuleStatus) => rules.filter((rule) => rule.status === status)
  const lines = [
    `${report.harness}: ${store === null ? 'no store' : `${store.name} ${store.version}`} against protocol ${report.protocolVersion}`,
    `verdict: ${VERDICTS[report.verdict]}`,
    ...report.reasons.map((reason) => `  ${reason}`),
    `cases: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped, ${count('invalid')} invalid; ${report.executed} executed of ${report.planned} planned of ${report.known}`,
    `rules: ${rulesWith('passed').length} passed, ${rulesWith('failed').length} failed, ${rulesWith('skipped').length} skipped, ${rulesWith('untested').length} without a case, ${rulesWith('not-selected').length} not selected, of ${rules.length}`,
    `seed ${report.seed}, ${(report.durationMs / 1_000).toFixed(1)} s, ${report.kit.name} ${report.kit.version}`,
    ...cases.flatMap(describeTrouble),
  ]
  const remarks = [
    ...report.tiers.map(
      ({ tier, meaning, status, reason }) => `tier ${tier} (${meaning}): ${status}${because(reason)}`,
    ),
    ...cases.flatMap(({ id, notes }) => notes.map((note) => `observed ${id}: ${note}`)),
    ...[...rulesWith('skipped'), ...rulesWith('untested')].map(
      ({ id, status, reason }) => `${status} ${id}${because(reason)}`,
    ),
  ]
  return [...lines, '', ...remarks].join('\n')
}

function describeTrouble({ id, title, failure, reason, status }: CaseResult): readonly string[] {
  if (status === 'invalid') return ['', `INVALID ${id}: ${title}`, `  ${reason ?? ''}`]
  if (failure === null) return []
  return ['', `FAILED ${id}: ${title}`, ...describeFailure(failure).map((line) => `  ${line}`)]
}

/** A failure as lines: what should have been true, what was seen, which rule says so, and where the assertion stands. */
export function describeFailure({
  what,
  expected,
  actual,
  rule,
  where,
}: NonNullable<CaseResult['failure']>): readonly string[] {
  return [what, `expected: ${expected}`, `actual:   ${actual}`, `rule:     ${rule}`, `at:       ${where}`]
}

function because(reason: string | null): string {
  return reason === null ? '' : `: ${reason}`
}
