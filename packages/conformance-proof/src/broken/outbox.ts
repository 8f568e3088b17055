import { setTimeout as delay } from 'node:timers/promises'
import { changeOutbox, changeTransactions, override } from '@user-engine/store-conformance-kit'
import { createMemoryStore } from '@user-engine/store-memory'
import {
  type AckRequest,
  isUserEngineError,
  type OutboxDelivery,
  type OutboxPort,
  UserEngineError,
} from '@user-engine/store-protocol'
import { type BrokenStore, broken } from '../store-under-proof.ts'
import { BROKEN_RELEASES } from './releases.ts'

const unlessStale = (call: Promise<unknown>) =>
  call.catch((error: unknown) => {
    if (!isUserEngineError(error, 'STALE_LEASE')) throw error
  })

const claimsLike = (change: (claim: OutboxPort['claim']) => OutboxPort['claim']) => (outbox: OutboxPort) => ({
  claim: change((request) => outbox.claim(request)),
})

export const BROKEN_OUTBOXES: readonly BrokenStore[] = [
  broken('OBX-01', 'platform-events-lost', 'loses the events of the platform', (store) =>
    changeTransactions(store, (tx) => ({
      outbox: override(tx.outbox, {
        append: (event) => (event.tenantId === null ? Promise.resolve() : tx.outbox.append(event)),
      }),
    })),
  ),
  broken('TXN-05', 'nested-events-lost', 'loses the events of nested transactions', (store) =>
    changeTransactions(store, (tx) => ({
      transact: (work) =>
        tx.transact((nested) =>
          work(override(nested, { outbox: override(nested.outbox, { append: async () => {} }) })),
        ),
    })),
  ),
  broken('OBX-02', 'handed-over-twice', 'hands events over that another consumer holds', (store) => {
    let last: readonly OutboxDelivery[] = []
    return changeOutbox(
      store,
      claimsLike((claim) => async (request) => {
        const lease = await claim(request)
        const deliveries = lease.deliveries.length === 0 ? last : lease.deliveries
        last = lease.deliveries
        return { ...lease, deliveries }
      }),
    )
  }),
  broken('OBX-02', 'forgets-the-limit', 'hands over more events than were asked for', (store) =>
    changeOutbox(
      store,
      claimsLike(
        (claim) => (request) =>
          claim(
            request.limit > 0 && request.limit < 400 ? { ...request, limit: request.limit + 1 } : request,
          ),
      ),
    ),
  ),
  broken(
    'OBX-03',
    'no-fence-for-ack',
    'takes an acknowledgement with a token that has been overtaken',
    (store) =>
      changeOutbox(store, (outbox) => ({
        ack: async (request) => void (await unlessStale(outbox.ack(request))),
      })),
  ),
  broken('OBX-03', 'no-fence-for-nack', 'takes back events from whoever had held them', (store) =>
    changeOutbox(store, (outbox) => ({
      nack: async (request) => ((await unlessStale(outbox.nack(request))) as never) ?? { deadLettered: [] },
    })),
  ),
  broken('OBX-03', 'no-fence-for-release', 'takes events back untried from whoever had held them', (store) =>
    changeOutbox(store, (outbox) => ({
      release: async (request) => void (await unlessStale(outbox.release(request))),
    })),
  ),
  broken('OBX-04', 'few-hands', 'forgets who holds an event once 200 others are handed over', (store) => {
    const places = new Map<string, number>()
    let count = 0
    const knowing =
      <Request extends AckRequest, Result>(call: (request: Request) => Promise<Result>) =>
      async (request: Request): Promise<Result> => {
        const { token, eventIds } = request
        const forgotten = eventIds.filter((id) => (places.get(id) ?? count) < count - 200)
        if (forgotten.length > 0) throw new UserEngineError('STALE_LEASE', { token, eventIds: forgotten })
        return await call(request)
      }
    return changeOutbox(store, (outbox) => ({
      async claim(request) {
        const lease = await outbox.claim(request)
        for (const { event } of lease.deliveries) places.set(event.id, count++)
        return lease
      },
      ack: knowing((request) => outbox.ack(request)),
      extend: knowing((request) => outbox.extend(request)),
      nack: knowing((request) => outbox.nack(request)),
      release: knowing((request) => outbox.release(request)),
      deadLetter: knowing((request) => outbox.deadLetter(request)),
    }))
  }),
  broken('OBX-04', 'endless-leases', 'never ends a lease', (store) =>
    changeOutbox(
      store,
      claimsLike((claim) => async (request) => {
        const { maxLeaseMs } = store.capabilities.outbox
        if (!(request.leaseMs >= 1 && request.leaseMs <= maxLeaseMs)) return await claim(request)
        const lease = await claim({ ...request, leaseMs: maxLeaseMs })
        return { ...lease, expiresAt: new Date(Date.now() + request.leaseMs).toISOString() }
      }),
    ),
  ),
  broken('OBX-04', 'short-leases', 'hands out leases that have run out', (store) =>
    changeOutbox(
      store,
      claimsLike((claim) => async (request) => {
        const lease = await claim({ ...request, leaseMs: Math.min(request.leaseMs, 1) })
        await delay(3)
        return { ...lease, expiresAt: new Date(Date.now() + request.leaseMs).toISOString() }
      }),
    ),
  ),
  broken('OBX-05', 'reversed', 'hands over the newest events first', (store) =>
    changeOutbox(
      store,
      claimsLike((claim) => async (request) => {
        const lease = await claim(request)
        return { ...lease, deliveries: lease.deliveries.toReversed() }
      }),
    ),
  ),
  broken('OBX-06', 'forgets-acknowledgements', 'settles the first of several events only', (store) =>
    changeOutbox(store, (outbox) => ({
      ack: (request) =>
        outbox.ack(
          request.eventIds?.length > 1 ? { ...request, eventIds: request.eventIds.slice(0, 1) } : request,
        ),
    })),
  ),
  {
    breaks: 'OBX-07',
    id: 'poison-for-ever',
    title: 'hands a poison event over more often than its manifest says',
    open(backend) {
      const { capabilities } = createMemoryStore()
      return override(createMemoryStore({ backend, outbox: { maxAttempts: 1_000 } }), { capabilities })
    },
  },
  broken('OBX-07', 'reason-lost', 'forgets why an event was given up', (store) =>
    changeOutbox(store, (outbox) => ({
      listDeadLetters: async (page) => {
        const { items, nextCursor } = await outbox.listDeadLetters(page)
        return { items: items.map((letter) => ({ ...letter, reason: 'unknown' })), nextCursor }
      },
    })),
  ),
  broken('OBX-07', 'replays-nothing', 'says that an event is replayed and does nothing', (store) =>
    changeOutbox(store, () => ({ replay: async () => {} })),
  ),
  broken('OBX-08', 'reads-its-history', 'looks through everything it ever handed over', (store) => {
    const history: OutboxDelivery[] = []
    return changeOutbox(
      store,
      claimsLike((claim) => async (request) => {
        const lease = await claim(request)
        const ids = new Set(lease.deliveries.map(({ event }) => event.id))
        // What a condition without an index does: every row is looked at, and nearly none is meant.
        const seen = history.filter(({ event }) => ids.has(event.id))
        history.push(...lease.deliveries)
        return seen.length > history.length ? { ...lease, deliveries: [] } : lease
      }),
    )
  }),
  broken('OBX-09', 'counts-leased-as-pending', 'counts events that are held among those that wait', (store) =>
    changeOutbox(store, (outbox) => ({
      stats: async () => {
        const stats = await outbox.stats()
        return { ...stats, pending: stats.pending + stats.leased }
      },
    })),
  ),
  broken('OBX-09', 'blocks-nothing', 'never says which aggregates are blocked', (store) =>
    changeOutbox(store, (outbox) => ({ stats: async () => ({ ...(await outbox.stats()), blocked: [] }) })),
  ),
  ...BROKEN_RELEASES,
]
