import type { UserEngineStore } from '@user-engine/store-protocol'
import { createIdGenerator } from '../ports/id-generator.ts'
import { createInProcessSink } from '../relay/in-process-sink.ts'
import { createOutboxRelay } from '../relay/outbox-relay.ts'
import { EVENT } from './outbox-event.ts'

/** How fast waiting events leave, and at what cost. */
export interface Drain {
  /** Events a second. */
  readonly rate: number
  /** Processor time of this process for one event, in microseconds. */
  readonly cpuMicros: number
}

/** Two ways to drain one store, the middle round of each. */
export interface ComparedDrains {
  /** By a loop that claims and acknowledges, one call after the other: what the store can do for one consumer. */
  readonly bare: Drain
  /** By a relay with a sink that takes everything at once. */
  readonly relay: Drain
}

const EVENTS_PER_TRANSACTION = 500
const EVENTS_PER_AGGREGATE = 2

const ids = createIdGenerator()

/** Fills the outbox and drains it, by one way and the other in turns. */
export async function compareDrains(
  store: UserEngineStore,
  { events, batch, rounds }: { readonly events: number; readonly batch: number; readonly rounds: number },
): Promise<ComparedDrains> {
  const drains: { bare: Drain[]; relay: Drain[] } = { bare: [], relay: [] }
  for (let round = 0; round < rounds; round++) {
    for (const kind of ['bare', 'relay'] as const) {
      await fill(store, events)
      const startedAt = performance.now()
      const cpu = process.cpuUsage()
      await (kind === 'bare' ? drainBare(store, batch) : drainByRelay(store, { events, batch }))
      const { user, system } = process.cpuUsage(cpu)
      const rate = (events * 1_000) / (performance.now() - startedAt)
      drains[kind].push({ rate, cpuMicros: (user + system) / events })
    }
  }
  return { bare: middle(drains.bare), relay: middle(drains.relay) }
}

async function fill(store: UserEngineStore, events: number): Promise<void> {
  let aggregateId = ids.next()
  for (let first = 0; first < events; first += EVENTS_PER_TRANSACTION) {
    await store.transact({ platform: true, reason: 'measurement' }, async (tx) => {
      for (let number = first; number < Math.min(events, first + EVENTS_PER_TRANSACTION); number++) {
        if (number % EVENTS_PER_AGGREGATE === 0) aggregateId = ids.next()
        tx.outbox.append({ ...EVENT, tenantId: null, id: ids.next(), aggregateId })
      }
    })
  }
}

async function drainBare({ outbox }: UserEngineStore, limit: number): Promise<void> {
  for (;;) {
    const { token, deliveries } = await outbox.claim({ consumer: 'bare', limit, leaseMs: 60_000 })
    if (deliveries.length === 0) return
    await outbox.ack({ token, eventIds: deliveries.map(({ event }) => event.id) })
  }
}

async function drainByRelay(
  { outbox }: UserEngineStore,
  { events, batch }: { readonly events: number; readonly batch: number },
): Promise<void> {
  const { promise: drained, resolve } = Promise.withResolvers<void>()
  let acknowledged = 0
  const relay = createOutboxRelay({
    outbox,
    sink: createInProcessSink({}),
    consumer: 'relay',
    batchSize: batch,
    onEvent: (event) => {
      if (event.kind !== 'acknowledged') return
      acknowledged += event.count
      if (acknowledged >= events) resolve()
    },
  })
  relay.start()
  await drained
  await relay.stop()
}

function middle(drains: readonly Drain[]): Drain {
  const median = (values: readonly number[]) =>
    values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
  return {
    rate: median(drains.map(({ rate }) => rate)),
    cpuMicros: median(drains.map(({ cpuMicros }) => cpuMicros)),
  }
}
