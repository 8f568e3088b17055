import { runSinkCase, type SinkCaseResult } from './run-sink-case.ts'
import { SINK_CASES } from './sink-cases.ts'
import type { SinkHarness } from './sink-harness.ts'

/** What the cases say of a sink, as JSON-safe data. */
export interface SinkConformanceReport {
  readonly sink: string
  /** `conformant` when every case passed that applies. */
  readonly verdict: 'conformant' | 'not-conformant'
  readonly cases: readonly SinkCaseResult[]
}

/** Runs every case on a sink, one after the other. */
export async function runSinkConformance(harness: SinkHarness): Promise<SinkConformanceReport> {
  const cases: SinkCaseResult[] = []
  for (const sinkCase of SINK_CASES) cases.push(await runSinkCase(harness, sinkCase))
  const isConformant = cases.every(({ status }) => status !== 'failed')
  return { sink: harness.name, verdict: isConformant ? 'conformant' : 'not-conformant', cases }
}
