import { expect, test } from 'vitest'
import { eventually } from '../testing/eventually.ts'
import { emitEvents, kinds, openRelayWorld } from '../testing/relay-world.ts'
import { DeliveryFailure } from './delivery-failure.ts'
import { createOutage } from './outage.ts'
import type { OutboxSink } from './outbox-sink.ts'

const AWAY = new DeliveryFailure({ code: 'UNREACHABLE', unavailable: true })

test('an outage begins after so many failures in a row, and any answer ends it', async () => {
  const outage = createOutage(3)
  for (const isOn of [false, false, true, true]) {
    outage.unavailable()
    expect(outage.isOn).toBe(isOn)
  }
  const waited = outage.wait(3_600_000)
  expect([outage.answered(), outage.isOn, outage.answered()]).toEqual([true, false, false])
  await waited
})

test('pauses grow to a minute, and begin anew after an answer', () => {
  const outage = createOutage(1)
  const pauses = Array.from({ length: 10 }, () => outage.nextPause())
  expect(pauses[0]).toBeLessThanOrEqual(1_000)
  expect(pauses[9]).toBeGreaterThanOrEqual(30_000)
  expect(pauses[9]).toBeLessThanOrEqual(60_000)
  outage.answered()
  expect(outage.nextPause()).toBeLessThanOrEqual(1_000)
})

/** A receiver that can go away, and counts what it is asked while it is. */
function createReceiver() {
  const state = { isAway: true, asked: 0, taken: 0 }
  const sink: OutboxSink = {
    name: 'may go away',
    async deliver() {
      state.asked++
      if (state.isAway) throw AWAY
      state.taken++
    },
  }
  return { state, sink }
}

test('while the receiver is away the backlog is left alone: a single event is tried now and then', async () => {
  const world = await openRelayWorld({ outbox: { maxAttempts: 2 } })
  const events = await emitEvents(world, 100)
  const { state, sink } = createReceiver()
  const relay = world.relayOf({ sink, concurrency: 2, batchSize: 4, backoff: () => 3_600_000 })
  relay.start()
  await eventually(() => kinds(world.told).includes('receiver-away'))
  await eventually(() => relay.status().batches === 0)
  const askedBefore = state.asked
  // What was under way when it began, and no more: (concurrency + 2) batches.
  expect(askedBefore).toBeLessThanOrEqual(16)
  await eventually(() => state.asked === askedBefore + 1)
  state.isAway = false
  await eventually(() => kinds(world.told).includes('receiver-back'))
  await eventually(async () => (await world.store.outbox.stats()).leased === 0 && state.taken > 100)
  const { dead, pending } = await world.store.outbox.stats()
  expect([dead, state.taken + pending]).toEqual([0, events.length])
})

test('an event that is refused for what it is makes no outage', async () => {
  const world = await openRelayWorld()
  const events = await emitEvents(world, 30)
  for (const { id } of events) world.sink.failFor(id, new DeliveryFailure({ code: 'HTTP_400' }))
  const relay = world.relayOf({ concurrency: 2, batchSize: 4 })
  relay.start()
  await eventually(() => world.sink.taken.length === events.length)
  expect(kinds(world.told)).not.toContain('receiver-away')
})

test('a relay stops in the middle of an outage, and its successor begins where it was', async () => {
  const world = await openRelayWorld()
  await emitEvents(world, 30)
  const { state, sink } = createReceiver()
  const relay = world.relayOf({ sink, concurrency: 2, batchSize: 4 })
  relay.start()
  await eventually(() => kinds(world.told).includes('receiver-away'))
  await relay.stop()
  expect(await world.store.outbox.stats()).toMatchObject({ pending: 60, leased: 0, dead: 0 })
  state.isAway = false
  relay.start()
  await eventually(() => state.taken === 60)
})
