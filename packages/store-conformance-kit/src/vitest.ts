import type { CapabilityHarness } from './capability/harness.ts'
import {
  type ConformanceTestOptions,
  defineConformanceTests,
  type SkippableTest,
} from './conformance-tests.ts'
import type { ConformanceHarness } from './harness.ts'

export type { ConformanceTestOptions } from './conformance-tests.ts'

/** The functions of a runner that the binding uses: those of the caller's own vitest. */
export interface RunnerFunctions {
  describe(name: string, define: () => void): unknown
  it(name: string, run: (context: SkippableTest) => Promise<void>, timeoutMs?: number): unknown
  /** With it the harness is proved before the first test, without it within the first test that needs it. */
  beforeAll?(run: () => Promise<void>, timeoutMs?: number): unknown
  /**
   * With it a run that judged nothing fails, for example because every case was skipped; needed when the harness has
   * `dispose`.
   */
  afterAll?(run: () => Promise<void>, timeoutMs?: number): unknown
}

/**
 * Makes one test of every case. A failed case fails its test with the rule, what was expected and what was seen; a case
 * that cannot be judged fails as well. Skipped, with the reason, are a case that does not apply, one that is advisory
 * and one whose failure is waived.
 *
 * @throws TypeError when the harness has `dispose` and `afterAll` is not given.
 */
export function conformanceTests(
  harness: ConformanceHarness | CapabilityHarness,
  { describe, it, beforeAll, afterAll }: RunnerFunctions,
  options: ConformanceTestOptions = {},
): void {
  defineConformanceTests(harness, { describe, it, before: beforeAll, after: afterAll }, options)
}
