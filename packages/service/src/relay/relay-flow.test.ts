// How much a relay has under way, and what it costs the outbox.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { UserEngineError } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { eventually } from '../testing/eventually.ts'
import {
  callsOf,
  deadLettersOf,
  emitEvents,
  idsOf,
  kinds,
  openRelayWorld,
  reportOf,
  stopWhileBusy,
} from '../testing/relay-world.ts'
import { DeliveryFailure } from './delivery-failure.ts'
import type { OutboxSink } from './outbox-sink.ts'

/** A sink that takes everything over but the events of one aggregate, which wait until they are let go. */
function withSlowAggregate(aggregateId: string) {
  const { promise, resolve: letGo } = Promise.withResolvers<void>()
  const taken: string[] = []
  const sink: OutboxSink = {
    name: 'slow',
    async deliver({ id, subject }) {
      if (subject === `user/${aggregateId}`) await promise
      taken.push(id)
    },
  }
  return { sink, taken, letGo }
}

test('a slow aggregate holds up no other, and no later batch', async () => {
  const world = await openRelayWorld()
  const events = await emitEvents(world, 20)
  const [slowest] = events
  const { sink, taken, letGo } = withSlowAggregate(slowest?.aggregateId ?? '')
  const relay = world.relayOf({ sink, batchSize: 4, concurrency: 2 })
  relay.start()
  const others = events.filter(({ aggregateId }) => aggregateId !== slowest?.aggregateId)
  await eventually(() => taken.length === others.length)
  expect(new Set(taken)).toEqual(new Set(idsOf(others)))
  await eventually(async () => (await world.store.outbox.stats()).leased === 2)
  expect(relay.status()).toEqual({ batches: 1, held: 2, delivering: 1, overdue: 0 })
  letGo()
  await eventually(() => taken.length === events.length)
})

test('a relay claims ahead by one batch and no more, however long the sink takes', async () => {
  const world = await openRelayWorld()
  await emitEvents(world, 40)
  const letGo = world.sink.hold()
  const relay = world.relayOf({ batchSize: 4, concurrency: 2 })
  relay.start()
  await eventually(() => world.sink.busy === 2)
  // Two aggregates of two events each are under way, two wait, and that is a batch.
  await eventually(() => relay.status().held === 8)
  for (let turn = 0; turn < 20; turn++) {
    relay.wake()
    await nextTurn()
  }
  expect(callsOf(world, 'claim')).toHaveLength(2)
  letGo()
  await eventually(() => world.sink.taken.length === 80)
})

test('a batch is acknowledged when it is done, or after a while, in as few calls as that takes', async () => {
  const world = await openRelayWorld()
  const events = await emitEvents(world, 30)
  const { sink, taken, letGo } = withSlowAggregate(events.at(-1)?.aggregateId ?? '')
  const run = world.relayOf({ sink, ackDelayMs: 5 }).runOnce()
  await eventually(async () => (await world.store.outbox.stats()).leased === 2)
  expect(taken).toHaveLength(58)
  letGo()
  expect(await run).toEqual(reportOf({ claimed: 60, delivered: 60 }))
  expect(callsOf(world, 'ack').map(({ eventIds }) => eventIds.length)).toEqual([58, 2])
})

test('a receiver that is away costs few calls, not one for each event', async () => {
  const world = await openRelayWorld()
  const events = await emitEvents(world, 40)
  for (const { id } of events) world.sink.failFor(id, new DeliveryFailure({ code: 'HTTP_503' }))
  const pauses: number[] = []
  const relay = world.relayOf({ backoff: (attempt) => pauses.push(attempt) * 1_000 })
  expect(await relay.runOnce()).toEqual(reportOf({ claimed: 80, failed: 40, released: 40 }))
  expect(callsOf(world, 'nack').length + callsOf(world, 'release').length).toBeLessThan(20)
  expect(pauses.length).toBeLessThan(20)
  const failed = world.told.filter((event) => event.kind === 'failed')
  expect(failed).toHaveLength(40)
  expect(failed.every(({ retryAfterMs }) => retryAfterMs >= 1_000)).toBe(true)
})

test('what a receiver asks for is the shortest pause', async () => {
  const world = await openRelayWorld()
  const [first, , second] = await emitEvents(world, 2)
  world.sink.failFor(first?.id ?? '', new DeliveryFailure({ code: 'HTTP_429', retryAfterMs: 60_000 }))
  world.sink.failFor(second?.id ?? '', new DeliveryFailure({ code: 'HTTP_429', retryAfterMs: 10 }))
  await world.relayOf({ backoff: () => 1_000 }).runOnce()
  expect(world.told).toContainEqual(expect.objectContaining({ eventId: first?.id, retryAfterMs: 60_000 }))
  expect(world.told).toContainEqual(expect.objectContaining({ eventId: second?.id, retryAfterMs: 1_000 }))
})

test('a sink that hangs is given no more than the concurrency, and what waits goes back to others', async () => {
  const world = await openRelayWorld()
  const events = await emitEvents(world, 10)
  const letGo = world.sink.hold()
  const relay = world.relayOf({ batchSize: 6, concurrency: 2, deliveryTimeoutMs: 10 })
  relay.start()
  await eventually(() => kinds(world.told).includes('sink-stalled'))
  await eventually(() => relay.status().batches === 0)
  expect(world.told).toContainEqual({ kind: 'sink-stalled', deliveries: 2 })
  expect(relay.status()).toEqual({ batches: 0, held: 0, delivering: 2, overdue: 2 })
  expect(await world.store.outbox.stats()).toMatchObject({ pending: 20, leased: 0, dead: 0 })
  expect(await relay.runOnce()).toEqual(reportOf({}))
  expect(world.sink.handed).toHaveLength(2)

  letGo()
  await eventually(() => new Set(world.sink.taken).size === events.length)
  await eventually(async () => (await world.store.outbox.stats()).pending === 0)
  expect(kinds(world.told).filter((kind) => kind === 'sink-stalled')).toHaveLength(1)
})

test('a relay stops although its sink hangs', async () => {
  const world = await openRelayWorld()
  await emitEvents(world, 3)
  world.sink.hold()
  const relay = world.relayOf({ concurrency: 2, deliveryTimeoutMs: 10 })
  relay.start()
  await eventually(() => relay.status().overdue > 0)
  await relay.stop()
  expect(await world.store.outbox.stats()).toMatchObject({ pending: 6, leased: 0, dead: 0 })
})

test('what waits is given back in one call when the relay stops', async () => {
  const world = await openRelayWorld()
  await emitEvents(world, 20)
  await stopWhileBusy(world)
  expect(callsOf(world, 'release').map(({ eventIds }) => eventIds.length)).toEqual([38, 1])
})

test('a commit can be announced: nobody has to wait for the next poll', async () => {
  const world = await openRelayWorld()
  const relay = world.relayOf({ idlePollMs: 3_600_000 })
  relay.start()
  await eventually(() => callsOf(world, 'claim').length === 1)
  const events = await emitEvents(world, 1)
  relay.wake()
  await eventually(() => world.sink.taken.length === events.length)
})

test('the next events of an aggregate follow as soon as the ones before are acknowledged', async () => {
  const world = await openRelayWorld()
  const [created] = await emitEvents(world, 1)
  const relay = world.relayOf({ idlePollMs: 3_600_000, batchSize: 1 })
  relay.start()
  await eventually(() => world.sink.taken.length === 2)
  expect(world.sink.taken[0]).toBe(created?.id)
})

test('a store that is away while events are acknowledged is waited for as long as the lease runs', async () => {
  const world = await openRelayWorld()
  await emitEvents(world, 1)
  const away = () => new UserEngineError('UNAVAILABLE', { reason: 'connection-lost' })
  const unknown = () => new UserEngineError('OUTCOME_UNKNOWN', { idempotent: false })
  world.outbox.failNext('ack', away(), unknown(), away())
  expect(await world.relayOf().runOnce()).toEqual(reportOf({ claimed: 2, delivered: 2 }))
  expect(await world.store.outbox.stats()).toMatchObject({ pending: 0, leased: 0 })
  expect(kinds(world.told)).toEqual(['claimed', 'delivered', 'delivered', 'acknowledged'])
})

test('a store that stays away is given up on when the lease is over', async () => {
  const world = await openRelayWorld()
  await emitEvents(world, 1)
  const away = () => new UserEngineError('UNAVAILABLE', { reason: 'connection-lost' })
  for (const operation of ['ack', 'extend'] as const) {
    world.outbox.failNext(operation, ...Array.from({ length: 100 }, away))
  }
  await world.relayOf({ leaseMs: 120 }).runOnce()
  expect(world.told).toContainEqual({ kind: 'store-failed', operation: 'ack', code: 'UNAVAILABLE' })
  expect(kinds(world.told).at(-1)).toBe('lease-lost')
})

test('an overdue event that is dead holds back the later ones until the sink has let go', async () => {
  const world = await openRelayWorld({ outbox: { maxAttempts: 1 } })
  const [first, second] = await emitEvents(world, 1)
  const letGo = world.sink.hold()
  const relay = world.relayOf({ deliveryTimeoutMs: 10 })
  expect(await relay.runOnce()).toEqual(reportOf({ claimed: 2, deadLettered: 1, released: 1 }))
  expect(await deadLettersOf(world)).toMatchObject([{ event: { id: first?.id } }])
  letGo()
  expect(await relay.runOnce()).toEqual(reportOf({ claimed: 1, delivered: 1 }))
  expect(world.sink.taken).toContain(second?.id)
})
