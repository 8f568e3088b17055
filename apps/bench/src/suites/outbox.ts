// Claim and acknowledge, beside two job queues on the same server. Ours hands over per aggregate in commit order; the
// others have no order to keep.
import type { LocalDatabase } from '@user-engine/provider-local'
import { createPostgresStore } from '@user-engine/store-postgres'
import type { UserEngineStore } from '@user-engine/store-protocol'
import { seedEvents } from '../data/seed.ts'
import type { BenchServer } from '../data/server.ts'
import { runClosedLoop } from '../measure/closed-loop.ts'
import type { Cell } from '../measure/interleave.ts'
import { openGraphileWorker } from './graphile-worker.ts'
import { openPgBoss } from './pg-boss.ts'
import type { Queue } from './queue.ts'

export const BATCHES = [1, 10, 100, 500] as const
export const CONSUMERS = [1, 4] as const
export const QUEUES = ['store', 'pg-boss', 'graphile-worker'] as const

export interface OutboxKey {
  readonly queue: (typeof QUEUES)[number]
  readonly batch: number
  readonly consumers: number
}

/** What waits when a round begins. */
const WAITING = 40_000
const WAITING_FOR_SINGLE = 5_000

export async function openOutboxSuite(
  server: BenchServer,
): Promise<{ readonly cells: readonly Cell<OutboxKey>[]; close(): Promise<void> }> {
  const { postmasterPid } = server
  const database = await server.createDatabase('bench_outbox')
  const store = await createPostgresStore({ capability: database.capability })
  const ours = createStoreQueue(store, database)
  const boss = await openPgBoss(server, Math.max(...CONSUMERS))
  const graphile = await openGraphileWorker(server, Math.max(...CONSUMERS))
  const waitingFor = (batch: number) => (batch === 1 ? WAITING_FOR_SINGLE : WAITING)
  const cellOf = (key: OutboxKey): Cell<OutboxKey> => {
    const { queue, batch, consumers } = key
    if (queue === 'graphile-worker') {
      return { key, round: () => graphile.drain({ count: waitingFor(batch) / 4, batch, consumers }) }
    }
    const taken = queue === 'store' ? ours : boss
    return {
      key,
      async round(durationMs) {
        await taken.fill(waitingFor(batch))
        const operation = (consumer: number) => taken.take(consumer, batch)
        return await runClosedLoop({ callers: consumers, durationMs, postmasterPid, operation })
      },
    }
  }
  return {
    cells: BATCHES.flatMap((batch) =>
      CONSUMERS.flatMap((consumers) => QUEUES.map((queue) => cellOf({ queue, batch, consumers }))),
    ),
    async close() {
      await graphile.close()
      await boss.close()
      await ours.close()
    },
  }
}

/** The outbox of a store; what is added has numbers of its own. */
export function createStoreQueue(store: UserEngineStore, database: LocalDatabase, first = 10 ** 9): Queue {
  let next = first
  return {
    async fill(count) {
      const { pending } = await store.outbox.stats()
      const missing = count - pending
      if (missing <= 0) return
      await seedEvents(database, { tenants: 1 }, { count: missing, from: next, pending: true })
      await database.query('ANALYZE user_engine.outbox_leases, user_engine.outbox_events')
      next += missing
    },
    async take(consumer, batch) {
      const lease = await store.outbox.claim({ consumer: `bench-${consumer}`, limit: batch, leaseMs: 60_000 })
      if (lease.deliveries.length === 0) return 0
      const eventIds = lease.deliveries.map(({ event }) => event.id)
      await store.outbox.ack({ token: lease.token, eventIds })
      return eventIds.length
    },
    close: () => store.close(),
  }
}
