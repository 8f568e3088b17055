import type { CapabilityHarness } from './capability/harness.ts'
import {
  type ConformanceTestOptions,
  defineConformanceTests,
  type SkippableTest,
} from './conformance-tests.ts'
import type { ConformanceHarness } from './harness.ts'

export type { ConformanceTestOptions } from './conformance-tests.ts'

/** The functions that the binding uses: those of the caller's own `node:test`. */
export interface NodeTestFunctions {
  describe(name: string, define: () => void): unknown
  it(
    name: string,
    options: { readonly timeout: number },
    run: (context: SkippableTest) => Promise<void>,
  ): unknown
  before(run: () => Promise<void>, options: { readonly timeout: number }): unknown
  after(run: () => Promise<void>, options: { readonly timeout: number }): unknown
}

/**
 * Makes one test of every case, one after the other. A failed case fails its test with the rule, what was expected and
 * what was seen; a case that cannot be judged fails as well. Skipped, with the reason, are a case that does not apply,
 * one that is advisory and one whose failure is waived.
 */
export function conformanceTests(
  harness: ConformanceHarness | CapabilityHarness,
  { describe, it, before, after }: NodeTestFunctions,
  options: ConformanceTestOptions = {},
): void {
  const runner = {
    describe: (name: string, define: () => void) => void describe(name, define),
    it: (name: string, run: (context: SkippableTest) => Promise<void>, timeout: number) =>
      void it(name, { timeout }, run),
    before: (run: () => Promise<void>, timeout: number) => void before(run, { timeout }),
    after: (run: () => Promise<void>, timeout: number) => void after(run, { timeout }),
  }
  defineConformanceTests(harness, runner, options)
}
