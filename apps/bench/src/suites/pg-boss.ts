import { PgBoss } from 'pg-boss'
import type { BenchServer } from '../data/server.ts'
import { jobPayload, type Queue } from './queue.ts'

const QUEUE = 'events'

export async function openPgBoss(server: BenchServer, consumers: number): Promise<Queue> {
  const { provider } = server
  await provider.provisionDatabase({ name: 'bench_pg_boss' })
  const { host, port, user, password } = provider.serverHandle.admin
  const boss = new PgBoss({
    ...{ host, port, user, password, database: 'bench_pg_boss', max: consumers + 2 },
    supervise: false,
    schedule: false,
  })
  boss.on('error', () => {})
  await boss.start()
  await boss.createQueue(QUEUE)
  let waiting = 0
  return {
    async fill(count) {
      for (; waiting < count; waiting += 5_000) {
        await boss.insert(
          QUEUE,
          Array.from({ length: 5_000 }, (_, index) => ({ data: jobPayload(index) })),
        )
      }
      await boss.getDb().executeSql('ANALYZE')
    },
    async take(_consumer, batch) {
      const jobs = await boss.fetch(QUEUE, { batchSize: batch })
      if (jobs.length === 0) return 0
      await boss.complete(
        QUEUE,
        jobs.map(({ id }) => id),
      )
      waiting -= jobs.length
      return jobs.length
    },
    close: () => boss.stop({ graceful: false }),
  }
}
