import { describeFailure } from './format-report.ts'
import type { ConformanceHarness } from './harness.ts'
import { type PreflightResult, runPreflight } from './preflight.ts'
import type { CaseStatus } from './report.ts'
import { type RunCaseOptions, runCase, timeLimitOf } from './run-case.ts'
import { type CaseSelection, selectCases } from './select-cases.ts'

/** The functions of a runner that the binding uses: those of the caller's own vitest. */
export interface RunnerFunctions {
  describe(name: string, define: () => void): unknown
  it(
    name: string,
    run: (context: { skip(note?: string): void }) => Promise<void>,
    timeoutMs?: number,
  ): unknown
  /** With it the harness is proved before the first test, without it within the first test that needs it. */
  beforeAll?(run: () => Promise<void>, timeoutMs?: number): unknown
  /** With it a run that judged nothing fails, for example because every case was skipped. */
  afterAll?(run: () => void): unknown
}

export type ConformanceTestOptions = CaseSelection & RunCaseOptions

/** What giving back all that a case was given may take on top of its own time. */
const TEARDOWN_MS = 60_000

/**
 * Makes one test of every case. A failed case fails its test with the rule, what was expected and what was seen; a case
 * that cannot be judged fails as well; one that does not apply is skipped with the reason.
 */
export function conformanceTests(
  harness: ConformanceHarness,
  runner: RunnerFunctions,
  options: ConformanceTestOptions = {},
): void {
  const cases = selectCases(options)
  const statuses: CaseStatus[] = []
  let preflight: Promise<PreflightResult> | undefined
  const proveHarness = async () => {
    preflight ??= runPreflight(harness, options.seed ?? 1)
    const result = await preflight
    if (!result.ok) throw new Error(`The store could not be judged. ${result.reasons.join(' ')}`)
    return result.capabilities
  }
  runner.describe(`conformance of ${harness.name}`, () => {
    runner.beforeAll?.(async () => void (await proveHarness()), TEARDOWN_MS)
    if (cases.length === 0) {
      runner.it('has cases', async () => {
        throw new Error('No case was selected.')
      })
    }
    for (const conformanceCase of cases) {
      const run = async ({ skip }: { skip(note?: string): void }) => {
        const capabilities = await proveHarness()
        const { status, reason, failure } = await runCase(
          harness,
          { ...options, capabilities },
          conformanceCase,
        )
        statuses.push(status)
        if (failure !== null) throw new Error(describeFailure(failure).join('\n  '))
        if (status === 'invalid') throw new Error(`This could not be judged. ${reason}`)
        if (status === 'skipped') skip(reason ?? undefined)
      }
      const timeoutMs = timeLimitOf(conformanceCase, options) + TEARDOWN_MS
      runner.it(`${conformanceCase.id}: ${conformanceCase.title}`, run, timeoutMs)
    }
    runner.afterAll?.(() => {
      if (statuses.length > 0 && statuses.every((status) => status === 'skipped'))
        throw new Error('Every case that ran was skipped: nothing was judged.')
    })
  })
}
