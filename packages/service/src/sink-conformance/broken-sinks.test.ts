// Sinks with one thing broken: each fails the cases about it, and no others.
import { expect, test } from 'vitest'
import { BROKEN_SINKS, CARELESS_SINK } from '../testing/broken-sinks.ts'
import { createMailboxHarness } from '../testing/mailbox-harness.ts'
import { runSinkConformance, SINK_CASES } from './index.ts'

const failedCases = async (harness: Parameters<typeof runSinkConformance>[0]) => {
  const { cases } = await runSinkConformance(harness)
  return cases.filter(({ status }) => status === 'failed').map(({ id }) => id)
}

test('a whole sink passes every case, and none is skipped', async () => {
  const report = await runSinkConformance(createMailboxHarness('whole'))
  expect(report).toMatchObject({ sink: 'whole', verdict: 'conformant' })
  expect(report.cases.map(({ id, status }) => [id, status])).toEqual(
    SINK_CASES.map(({ id }) => [id, 'passed']),
  )
})

test.for(BROKEN_SINKS)('a sink that $breaks', { concurrent: true }, async ({ breaks, change, caughtBy }) => {
  expect(await failedCases(createMailboxHarness(breaks, change))).toEqual(caughtBy)
})

test('a sink that leaves rejected promises behind', async () => {
  // The runner takes them for its own.
  const listeners = process.rawListeners('unhandledRejection') as NodeJS.UnhandledRejectionListener[]
  process.removeAllListeners('unhandledRejection')
  try {
    const { breaks, change, caughtBy } = CARELESS_SINK
    expect(await failedCases(createMailboxHarness(breaks, change))).toEqual(caughtBy)
  } finally {
    for (const listener of listeners) process.on('unhandledRejection', listener)
  }
})

test('every case catches a broken sink', () => {
  const caught = new Set(BROKEN_SINKS.flatMap(({ caughtBy }) => caughtBy))
  expect(SINK_CASES.map(({ id }) => id).filter((id) => !caught.has(id))).toEqual([])
})
