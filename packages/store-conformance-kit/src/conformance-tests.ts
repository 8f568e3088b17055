// One test per case, for whichever runner: the bindings only say what their runner calls things.

import type { CapabilityHarness } from './capability/harness.ts'
import type { CaseFacts } from './case.ts'
import { describeFailure } from './format-report.ts'
import type { AnyHarness, ConformanceHarness } from './harness.ts'
import { disposeHarness } from './harness-guard.ts'
import type { PreflightResult } from './preflight.ts'
import type { CaseResult } from './report.ts'
import { type RunCaseOptions, runCase, timeLimitOf } from './run-case.ts'
import { type CaseSelection, findUnknownSelection, selectCases } from './select-cases.ts'
import type { AnyManifest, Subject } from './subject.ts'
import { withSubject } from './subjects.ts'
import { judgeWaivers } from './waivers/waiver.ts'

export type ConformanceTestOptions = CaseSelection & RunCaseOptions

/** What a runner gives a test that has to be left out. */
export interface SkippableTest {
  skip(note?: string): void
}

/** A runner, as the tests need it; times are in milliseconds. */
export interface TestRunner {
  describe(name: string, define: () => void): void
  it(name: string, run: (test: SkippableTest) => Promise<void>, timeoutMs: number): void
  /** Without it the harness is proved within the first test that needs it. */
  readonly before?: ((run: () => Promise<void>, timeoutMs: number) => void) | undefined
  readonly after?: ((run: () => Promise<void>, timeoutMs: number) => void) | undefined
}

/** What giving back all that a case was given may take on top of its own time. */
const TEARDOWN_MS = 60_000

/**
 * Makes one test of every case. A failed case fails its test with the rule, what was expected and what was seen; a case
 * that cannot be judged fails as well. Skipped, with the reason, are a case that does not apply, one that is advisory
 * and one whose failure is waived. After the last test the harness is disposed of.
 *
 * @throws TypeError when the harness has `dispose` and the runner no `after`.
 */
export function defineConformanceTests(
  harness: ConformanceHarness | CapabilityHarness,
  runner: TestRunner,
  options: ConformanceTestOptions,
): void {
  withSubject(harness, (subject, own) => defineTests({ subject, harness: own, runner, options }))
}

function defineTests<Harness extends AnyHarness, Context, Manifest extends AnyManifest>(input: {
  readonly subject: Subject<Harness, Context, Manifest>
  readonly harness: Harness
  readonly runner: TestRunner
  readonly options: ConformanceTestOptions
}): void {
  const { subject, harness, runner, options } = input
  if (harness.dispose !== undefined && runner.after === undefined)
    throw new TypeError('The harness has dispose(): give the function that runs something after all tests.')
  const cases = selectCases(subject.cases, options)
  const statuses: CaseResult['status'][] = []
  let preflight: Promise<PreflightResult<Manifest>> | undefined
  const proveHarness = async () => {
    preflight ??= judgeRequest(subject.cases, options) ?? subject.prove(harness, options.seed ?? 1)
    const result = await preflight
    if (!result.ok) throw new Error(`It could not be judged. ${result.reasons.join(' ')}`)
    return result.manifest
  }
  runner.describe(`conformance of ${harness.name}`, () => {
    runner.before?.(async () => void (await proveHarness()), TEARDOWN_MS)
    if (cases.length === 0) {
      const run = async () => {
        throw new Error('No case was selected.')
      }
      runner.it('has cases', run, TEARDOWN_MS)
    }
    for (const conformanceCase of cases) {
      const run = async (test: SkippableTest) => {
        const manifest = await proveHarness()
        const result = await runCase({ subject, harness, manifest }, conformanceCase, options)
        statuses.push(result.status)
        concludeTest(result, test)
      }
      const timeoutMs = timeLimitOf(conformanceCase, options) + TEARDOWN_MS
      runner.it(`${conformanceCase.id}: ${conformanceCase.title}`, run, timeoutMs)
    }
    runner.after?.(async () => {
      await disposeHarness(harness)
      if (statuses.length > 0 && statuses.every((status) => status === 'skipped'))
        throw new Error('Every case that ran was skipped: nothing was judged.')
    }, TEARDOWN_MS)
  })
}

/** Ends a test as its case ended: it passes, is skipped, or fails. @throws Error when the case counts against the store. */
export function concludeTest(
  { status, failure, reason, advisory, waived }: CaseResult,
  test: SkippableTest,
): void {
  const trouble =
    failure !== null
      ? describeFailure(failure).join('\n  ')
      : status === 'invalid'
        ? `This could not be judged. ${reason}`
        : null
  if (trouble !== null && !advisory && !waived) throw new Error(trouble)
  if (trouble !== null) test.skip(`${waived ? 'waived' : 'advisory'}: ${trouble}`)
  else if (status === 'skipped') test.skip(reason ?? undefined)
}

/** What is wrong with the options themselves, `undefined` when nothing is. */
function judgeRequest(
  cases: readonly CaseFacts[],
  options: ConformanceTestOptions,
): Promise<PreflightResult<never>> | undefined {
  const waivers = judgeWaivers(options.waivers ?? [], new Date())
  const reasons = [...findUnknownSelection(cases, options), ...(waivers.ok ? [] : waivers.reasons)]
  return reasons.length > 0 ? Promise.resolve({ ok: false, reasons }) : undefined
}
