import { runSinkCase } from './run-sink-case.ts'
import { SINK_CASES } from './sink-cases.ts'
import type { SinkHarness } from './sink-harness.ts'

/** The functions of a test runner that the binding uses: those of the caller's own vitest, `node:test` or another. */
export interface SinkTestFunctions {
  describe(name: string, define: () => void): unknown
  it(name: string, run: (context: { skip(note?: string): unknown }) => Promise<void>): unknown
}

/**
 * Makes one test of every case. A case about a behaviour that the receiver cannot show is skipped with the harness's
 * reason. A case takes up to half a minute where the receiver has to come back: give the runner a minute.
 */
export function sinkConformanceTests(harness: SinkHarness, { describe, it }: SinkTestFunctions): void {
  describe(`${harness.name} conforms as a sink`, () => {
    for (const sinkCase of SINK_CASES) {
      it(`${sinkCase.id}: ${sinkCase.title}`, async (context) => {
        const { status, reason } = await runSinkCase(harness, sinkCase)
        if (status === 'failed') throw new Error(`${sinkCase.id}: ${reason}`)
        if (status === 'skipped') context.skip(reason ?? undefined)
      })
    }
  })
}
