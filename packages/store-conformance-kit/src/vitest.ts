import type { StoreCapabilities } from '@user-engine/store-protocol'
import type { ConformanceHarness } from './harness.ts'
import { runPreflight } from './preflight.ts'
import { type ConformanceOptions, runCase, selectCases } from './run-conformance.ts'

/** The functions of a runner that the binding uses: those of the caller's own vitest. */
export interface RunnerFunctions {
  describe(name: string, define: () => void): void
  it(name: string, run: (context: { skip(note?: string): void }) => Promise<void>, timeoutMs?: number): void
  beforeAll(run: () => Promise<void>, timeoutMs?: number): void
}

const RUNNER_TIMEOUT_MS = 120_000

/**
 * Makes one test of every case. A failed case fails its test with the rule, what was expected and what was seen; a case
 * that cannot be judged fails as well; one that does not apply is skipped with the reason.
 */
export function conformanceTests(
  harness: ConformanceHarness,
  runner: RunnerFunctions,
  options: Omit<ConformanceOptions, 'onResult'> = {},
): void {
  runner.describe(`conformance of ${harness.name}`, () => {
    let capabilities: StoreCapabilities | null = null
    runner.beforeAll(async () => {
      const preflight = await runPreflight(harness, options.seed ?? 1)
      if (!preflight.ok) throw new Error(preflight.reasons.join(' '))
      capabilities = preflight.capabilities
    }, RUNNER_TIMEOUT_MS)

    for (const conformanceCase of selectCases(options)) {
      const run = async ({ skip }: { skip(note?: string): void }) => {
        if (capabilities === null) throw new Error('The preflight did not pass.')
        const { status, reason, failure } = await runCase(harness, capabilities, conformanceCase, options)
        if (status === 'skipped') return skip(reason ?? undefined)
        if (status === 'invalid') throw new Error(`could not be judged: ${reason}`)
        if (failure === null) return
        const { rule, what, expected, actual, where } = failure
        throw new Error(
          `${what}\n  expected: ${expected}\n  actual:   ${actual}\n  rule:     ${rule}\n  at ${where}`,
        )
      }
      runner.it(`${conformanceCase.id}: ${conformanceCase.title}`, run, RUNNER_TIMEOUT_MS)
    }
  })
}
