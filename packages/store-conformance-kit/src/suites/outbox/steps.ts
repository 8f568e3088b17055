// Steps that the cases of the outbox share. Batches and leases stay within what the manifest allows.
import type {
  OutboxDelivery,
  OutboxEvent,
  OutboxLease,
  StoreCapabilities,
  UserEngineStore,
} from '@user-engine/store-protocol'
import type { Check } from '../../check.ts'
import { ACME, PLATFORM, type RecordMaker } from '../../records.ts'

/** More attempts than these are not walked through one by one. */
const MAX_ATTEMPTS_TRIED = 100

/** Skips a case that walks through every attempt, for stores that allow very many. */
export function withFewAttempts({ outbox }: StoreCapabilities): string | null {
  return outbox.maxAttempts <= MAX_ATTEMPTS_TRIED
    ? null
    : `outbox.maxAttempts is ${outbox.maxAttempts}, above ${MAX_ATTEMPTS_TRIED}`
}

/** A lease that outlasts every case. */
const LONG_MS = 120_000

/** A lease that has run out before anybody looks again. */
export const SHORT_MS = 60

export function longLease({ capabilities }: UserEngineStore): number {
  return Math.min(LONG_MS, capabilities.outbox.maxLeaseMs)
}

/** Appends events of any scope in one transaction. */
export async function appendEvents(
  store: UserEngineStore,
  events: readonly OutboxEvent[],
): Promise<readonly OutboxEvent[]> {
  await store.transact(PLATFORM, (tx) => {
    for (const event of events) void tx.outbox.append(event)
  })
  return events
}

/** An event of one aggregate of the first tenant. */
export function eventOf(make: RecordMaker, aggregateId: string): OutboxEvent {
  return make.event(ACME.tenantId, { aggregateId })
}

/** Claims what is due, with a lease that lasts. */
export async function claim(store: UserEngineStore, limit = 500): Promise<OutboxLease> {
  const { maxBatch } = store.capabilities.outbox
  return await store.outbox.claim({
    consumer: 'kit',
    limit: Math.min(limit, maxBatch),
    leaseMs: longLease(store),
  })
}

/** Claims until something is handed over. */
export async function claimEventually(
  store: UserEngineStore,
  check: Check,
  request: { readonly what: string; readonly leaseMs?: number; readonly limit?: number },
): Promise<OutboxLease> {
  const { maxBatch } = store.capabilities.outbox
  const { what, leaseMs = longLease(store), limit = 500 } = request
  return await check.eventually(async () => {
    const lease = await store.outbox.claim({ consumer: 'kit', limit: Math.min(limit, maxBatch), leaseMs })
    return lease.deliveries.length > 0 ? lease : undefined
  }, what)
}

export function eventIds({ deliveries }: OutboxLease): string[] {
  return deliveries.map(({ event }) => event.id)
}

/** Claims and acknowledges until nothing is due; gives the events in the order they were handed over. */
export async function drain(store: UserEngineStore): Promise<readonly string[]> {
  return (await drainDeliveries(store)).map(({ event }) => event.id)
}

/** Claims until nothing is due and acknowledges all of it; gives what was handed over, in that order. */
export async function drainDeliveries(store: UserEngineStore): Promise<readonly OutboxDelivery[]> {
  const seen: OutboxDelivery[] = []
  for (;;) {
    const lease = await claim(store)
    if (lease.deliveries.length === 0) return seen
    seen.push(...lease.deliveries)
    await store.outbox.ack({ token: lease.token, eventIds: eventIds(lease) })
  }
}

/** One settling call of each kind, with one token for the same events. */
export function settlingCalls(
  store: UserEngineStore,
  request: { readonly token: number; readonly eventIds: readonly string[] },
): { readonly [method: string]: () => Promise<unknown> } {
  const { outbox } = store
  const { token } = request
  const ids = [...request.eventIds]
  return {
    ack: () => outbox.ack({ token, eventIds: ids }),
    extend: () => outbox.extend({ token, eventIds: ids, leaseMs: longLease(store) }),
    nack: () => outbox.nack({ token, eventIds: ids, reason: 'not now', retryAfterMs: 0 }),
    release: () => outbox.release({ token, eventIds: ids }),
    deadLetter: () => outbox.deadLetter({ token, eventIds: ids, reason: 'never' }),
  }
}
