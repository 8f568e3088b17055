// A backend that acknowledges before it is durable must be caught: the control of the case about durability [LIF-03].
import { runConformance } from '@user-engine/store-conformance-kit'
import { expect, test } from 'vitest'
import { createLocalHarness } from './testing/local-harness.ts'
import { openOwnServer } from './testing/own-server.ts'

const DURABILITY_CASE = 'LIF-03.acknowledged-commits-survive'

test.each([
  { synchronousCommit: 'off', status: 'failed' },
  { synchronousCommit: 'on', status: 'passed' },
] as const)(
  'with synchronous_commit $synchronousCommit and the server killed, durability is $status',
  async ({ synchronousCommit, status }) => {
    const provider = await openOwnServer({
      // Nothing is flushed by chance: the writer of the log sleeps as long as it can.
      settings: { wal_writer_delay: '10s' },
    })
    try {
      const shipped = await createLocalHarness(provider, { withFaults: true })
      const freshNamespace = async () => {
        const namespace = await shipped.freshNamespace()
        const database = shipped.databaseOf(namespace)
        await database.query(`ALTER DATABASE ${namespace} SET synchronous_commit = ${synchronousCommit}`)
        return namespace
      }
      const harness = { ...shipped, freshNamespace }
      const report = await runConformance(harness, { select: ({ id }) => id === DURABILITY_CASE })
      expect(report.reasons).toEqual([])
      expect(report.cases).toMatchObject([{ id: DURABILITY_CASE, status }])
      const [result] = report.cases
      if (status === 'failed') expect(result?.failure?.what).toContain('acknowledged users that are lost')
      expect(report.tiers.find(({ tier }) => tier === 'D1')?.status).toBe(status)
    } finally {
      await provider.stop()
    }
  },
  60_000,
)
