import type { Results } from '../results.ts'
import { OPERATION_TITLES, OPERATIONS } from '../suites/operations.ts'
import { CONSUMERS } from '../suites/outbox.ts'
import { importRate, queueRate } from './judge.ts'
import { round, table } from './tables.ts'

/** What one node carries, for the page about scaling. Empty before anything was measured. */
export function renderNodeFigures(results: Results): string {
  const { comparison } = results
  if (comparison === undefined) return ''
  const { cpu, cores, memoryGiB, postgres } = comparison.machine
  const rows = OPERATIONS.flatMap((operation) =>
    comparison.cells
      .filter(({ key }) => key.operation === operation && key.callers === 16)
      .filter(({ key }) => key.path === 'store' || key.path === 'service')
      .map(({ key, median }) => [
        `${OPERATION_TITLES[operation]}, ${key.path}`,
        round(median.rate),
        median.latency.p99.toFixed(1),
        coresAt1000(median.clientCpu),
        coresAt1000(median.serverCpu),
      ]),
  )
  const others = [
    ...CONSUMERS.map((consumers) => [
      `claim and acknowledge in batches of 100, ${consumers} consumer${consumers === 1 ? '' : 's'}`,
      round(queueRate(results, { queue: 'store', batch: 100, consumers })),
    ]),
    ['import, with audit records and events', round(importRate(results, 'service'))],
  ].map((row) => [...row, '–', '–', '–'])
  const head = ['what', 'a second', 'p99 ms', 'client cores per 1,000/s', 'server cores per 1,000/s']
  return `Service and Postgres ${postgres} on the same ${cores} cores (${cpu}, ${memoryGiB} GiB), 16 callers, every commit flushed: where they have a machine each,
the rate is what the cores of the fuller one allow.\n\n${table(head, [...rows, ...others])}`
}

/** Microseconds per operation are cores per million operations a second. */
function coresAt1000(microseconds: number | null): string {
  return microseconds === null ? '–' : (microseconds / 1_000).toFixed(2)
}
