import { UserEngineError } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { eventually } from '../testing/eventually.ts'
import {
  callsOf,
  deadLettersOf,
  emitEvents,
  idsByAggregate,
  idsOf,
  kinds,
  openRelayWorld,
  reportOf,
  stopWhileBusy,
} from '../testing/relay-world.ts'
import { createScriptedSink } from '../testing/scripted-sink.ts'
import { CANARY } from '../testing/world.ts'
import type { OutboxCloudEvent } from './cloud-event.ts'
import { DeliveryFailure } from './delivery-failure.ts'
import { createInProcessSink } from './in-process-sink.ts'
import type { OutboxSink } from './outbox-sink.ts'

test('events arrive as CloudEvents, each aggregate in the order of its commits, and are acknowledged', async () => {
  const world = await openRelayWorld()
  const events = await emitEvents(world, 3)
  const taken: OutboxCloudEvent[] = []
  const sink = createInProcessSink({ otherwise: (event) => void taken.push(event) })
  const relay = world.relayOf({ sink, source: '/tests' })
  expect(await relay.runOnce()).toEqual(reportOf({ claimed: 6, delivered: 6 }))
  for (const ofUser of idsByAggregate(events)) {
    expect(taken.map(({ id }) => id).filter((id) => ofUser.includes(id))).toEqual(ofUser)
  }
  expect(taken[0]).toMatchObject({ source: '/tests', type: 'user-engine.user.created' })
  expect(await relay.runOnce()).toEqual(reportOf({}))
  expect(await world.store.outbox.stats()).toMatchObject({ pending: 0, leased: 0, dead: 0 })
  // Together, not one by one.
  expect(callsOf(world, 'ack')).toHaveLength(1)
})

test('a failure holds back the later events of its aggregate and no others [OBX-05]', async () => {
  const world = await openRelayWorld()
  const [first, second, third, fourth] = await emitEvents(world, 2)
  world.sink.failFor(first?.id ?? '', new DeliveryFailure({ code: 'HTTP_503' }))
  const relay = world.relayOf()
  expect(await relay.runOnce()).toEqual(reportOf({ claimed: 4, delivered: 2, failed: 1, released: 1 }))
  expect(world.sink.taken).toEqual([third?.id, fourth?.id])
  expect(world.told).toContainEqual({
    kind: 'failed',
    eventId: first?.id,
    type: first?.type,
    attempt: 1,
    reason: 'DeliveryFailure HTTP_503',
    retryAfterMs: 0,
  })
  expect(await relay.runOnce()).toEqual(reportOf({ claimed: 2, delivered: 2 }))
  expect(world.sink.taken.slice(2)).toEqual([first?.id, second?.id])
  expect(world.told).toContainEqual(
    expect.objectContaining({ kind: 'delivered', eventId: first?.id, attempt: 2 }),
  )
  // Nobody had tried it [OBX-10].
  expect(world.told).toContainEqual(
    expect.objectContaining({ kind: 'delivered', eventId: second?.id, attempt: 1 }),
  )
})

test('an event waits for its turn after a failure', async () => {
  const world = await openRelayWorld()
  const [event] = await emitEvents(world, 1)
  world.sink.failFor(event?.id ?? '', new Error('x'))
  const attempts: number[] = []
  const relay = world.relayOf({
    backoff: (attempt) => {
      attempts.push(attempt)
      return 3_600_000
    },
  })
  await relay.runOnce()
  expect(attempts).toEqual([1])
  expect(await relay.runOnce()).toEqual(reportOf({}))
})

test('a poison event ends in the dead letters, and then the later ones are delivered [OBX-07]', async () => {
  const world = await openRelayWorld({ outbox: { maxAttempts: 3 } })
  const [poison, later] = await emitEvents(world, 1)
  world.sink.failFor(poison?.id ?? '', ...Array.from({ length: 3 }, () => new TypeError(CANARY)))
  const relay = world.relayOf()
  await relay.runOnce()
  await relay.runOnce()
  expect(await relay.runOnce()).toEqual(reportOf({ claimed: 2, delivered: 1, deadLettered: 1 }))
  expect(world.sink.taken).toEqual([later?.id])
  const letters = await deadLettersOf(world)
  expect(letters).toMatchObject([{ event: { id: poison?.id }, attempts: 3, reason: 'TypeError' }])
  expect(JSON.stringify([letters, world.told])).not.toContain(CANARY)

  await world.store.outbox.replay({ eventId: poison?.id ?? '' })
  expect(await relay.runOnce()).toEqual(reportOf({ claimed: 1, delivered: 1 }))
})

test('a permanent failure goes to the dead letters at once, and the later events on', async () => {
  const world = await openRelayWorld()
  const [first, second] = await emitEvents(world, 1)
  world.sink.failFor(first?.id ?? '', new DeliveryFailure({ code: 'HTTP_410', permanent: true }))
  expect(await world.relayOf().runOnce()).toEqual(reportOf({ claimed: 2, delivered: 1, deadLettered: 1 }))
  expect(world.sink.taken).toEqual([second?.id])
  expect(await deadLettersOf(world)).toMatchObject([{ reason: 'DeliveryFailure HTTP_410', attempts: 1 }])
})

test('a sink that does not answer is a failure like any other', async () => {
  const world = await openRelayWorld()
  const [event] = await emitEvents(world, 1)
  const letGo = world.sink.hold()
  const relay = world.relayOf({ deliveryTimeoutMs: 10 })
  expect(await relay.runOnce()).toEqual(reportOf({ claimed: 2, failed: 1, released: 1 }))
  expect(world.told).toContainEqual(
    expect.objectContaining({ kind: 'failed', eventId: event?.id, reason: 'DeliveryFailure TIMEOUT' }),
  )
  letGo()
  expect(await relay.runOnce()).toEqual(reportOf({ claimed: 2, delivered: 2 }))
})

test('a relay that stops finishes what is under way, gives the rest back, and can be started again', async () => {
  const world = await openRelayWorld()
  const events = await emitEvents(world, 3)
  const relay = await stopWhileBusy(world)
  expect(world.sink.taken).toEqual([events[0]?.id])
  expect(world.told).toContainEqual({ kind: 'released', count: 1, reason: 'released: the relay stopped' })
  expect(await world.store.outbox.stats()).toMatchObject({ pending: 5, leased: 0, dead: 0 })

  relay.start()
  relay.start()
  await eventually(() => world.sink.taken.length === events.length)
  await relay.stop()
  await relay.stop()
  expect(new Set(world.sink.taken)).toEqual(new Set(idsOf(events)))
})

test('a relay that stops leaves the attempts and the order of what it has not tried as they were [OBX-10]', async () => {
  const world = await openRelayWorld()
  const events = await emitEvents(world, 3)
  for (let stop = 0; stop < 3; stop++) {
    await stopWhileBusy(world)
  }
  const tried = new Set(world.sink.handed)
  expect(tried.size).toBe(3)
  const { deliveries } = await world.store.outbox.claim({ consumer: 'other', limit: 10, leaseMs: 1_000 })
  expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 1, 1])
  for (const ofUser of idsByAggregate(events)) {
    const left = deliveries.map(({ event }) => event.id).filter((id) => ofUser.includes(id))
    expect(left).toEqual(ofUser.filter((id) => !tried.has(id)))
  }
})

test('what cannot be released is left to its lease', async () => {
  const world = await openRelayWorld()
  const [first, second] = await emitEvents(world, 1)
  world.sink.failFor(first?.id ?? '', new Error('x'))
  world.outbox.failNext('release', new UserEngineError('INTERNAL', { reference: 'x' }))
  expect(await world.relayOf().runOnce()).toEqual(reportOf({ claimed: 2, failed: 1, lost: 1 }))
  expect(world.told).toContainEqual({ kind: 'store-failed', operation: 'release', code: 'INTERNAL' })
  expect(world.told).toContainEqual({ kind: 'lease-lost', eventIds: [second?.id] })
  expect(await world.store.outbox.stats()).toMatchObject({ pending: 1, leased: 1 })
})

test('an event that nobody has tried never ends in the dead letters', async () => {
  const world = await openRelayWorld({ outbox: { maxAttempts: 1 } })
  const events = await emitEvents(world, 2)
  const relay = await stopWhileBusy(world)
  expect(await deadLettersOf(world)).toEqual([])
  expect(await relay.runOnce()).toEqual(reportOf({ claimed: 3, delivered: 3 }))
  for (const ofUser of idsByAggregate(events)) {
    expect(world.sink.taken.filter((id) => ofUser.includes(id))).toEqual(ofUser)
  }
})

test('a slow batch keeps its lease, and nobody else gets its events [OBX-02]', async () => {
  const world = await openRelayWorld()
  const events = await emitEvents(world, 1)
  const letGo = world.sink.hold()
  const slow = world.relayOf({ leaseMs: 150 }).runOnce()
  await eventually(() => callsOf(world, 'extend').length >= 6)
  const other = await world.store.outbox.claim({ consumer: 'other', limit: 10, leaseMs: 1_000 })
  expect(other.deliveries).toEqual([])
  letGo()
  expect(await slow).toEqual(reportOf({ claimed: 2, delivered: 2 }))
  expect(world.sink.taken).toEqual(idsOf(events))
})

test('what is delivered is acknowledged while the batch goes on', async () => {
  const world = await openRelayWorld()
  const events = await emitEvents(world, 2)
  const sink = createScriptedSink()
  const release = Promise.withResolvers<void>()
  const last = events.at(-1)?.id
  const blocking: OutboxSink = {
    name: 'blocking',
    async deliver(event, delivery) {
      if (event.id === last) await release.promise
      await sink.deliver(event, delivery)
    },
  }
  const run = world.relayOf({ sink: blocking, leaseMs: 150 }).runOnce()
  await eventually(async () => (await world.store.outbox.stats()).leased === 1)
  release.resolve()
  expect(await run).toEqual(reportOf({ claimed: 4, delivered: 4 }))
})

test('events whose lease was lost are left out, and the rest is acknowledged [OBX-03]', async () => {
  const world = await openRelayWorld()
  const events = await emitEvents(world, 2)
  const stale = new UserEngineError('STALE_LEASE', { token: 1, eventIds: [events[1]?.id ?? ''] })
  world.outbox.failNext('ack', stale)
  expect(await world.relayOf().runOnce()).toEqual(reportOf({ claimed: 4, delivered: 4 }))
  expect(world.told).toContainEqual({ kind: 'lease-lost', eventIds: [events[1]?.id] })
  expect(callsOf(world, 'ack').map(({ eventIds }) => eventIds.length)).toEqual([4, 3])
  expect(await world.store.outbox.stats()).toMatchObject({ leased: 1 })
})

test('an event whose lease is over is not started: somebody else may hold it [OBX-03]', async () => {
  const world = await openRelayWorld()
  const [first, second] = await emitEvents(world, 1)
  const lost = new UserEngineError('STALE_LEASE', { token: 1, eventIds: [first?.id ?? '', second?.id ?? ''] })
  world.outbox.failNext('extend', lost)
  const letGo = world.sink.hold()
  const run = world.relayOf({ leaseMs: 60 }).runOnce()
  await eventually(() => kinds(world.told).includes('lease-lost'))
  letGo()
  expect(await run).toMatchObject({ claimed: 2, lost: 1 })
  expect(world.sink.handed).toEqual([first?.id])
})

test('a store that is away for a moment costs nothing but time', async () => {
  const world = await openRelayWorld()
  await emitEvents(world, 1)
  const away = () => new UserEngineError('UNAVAILABLE', { reason: 'connection-lost' })
  world.outbox.failNext('claim', away())
  world.outbox.failNext('ack', away(), away())
  const relay = world.relayOf()
  relay.start()
  await eventually(() => kinds(world.told).includes('acknowledged'))
  await relay.stop()
  expect(world.told[0]).toEqual({ kind: 'store-failed', operation: 'claim', code: 'UNAVAILABLE' })
  expect(world.sink.taken).toHaveLength(2)
  expect(await world.store.outbox.stats()).toMatchObject({ pending: 0, leased: 0 })
})

test('what cannot be given back is left to its lease, and later events do not overtake it', async () => {
  const world = await openRelayWorld()
  const [first] = await emitEvents(world, 1)
  world.sink.failFor(first?.id ?? '', new Error('x'))
  world.outbox.failNext('nack', new UserEngineError('INTERNAL', { reference: 'x' }))
  expect(await world.relayOf().runOnce()).toEqual(reportOf({ claimed: 2, lost: 2 }))
  expect(world.sink.handed).toEqual([first?.id])
  expect(kinds(world.told)).toEqual(['claimed', 'store-failed', 'lease-lost', 'lease-lost'])
  expect(await world.store.outbox.stats()).toMatchObject({ leased: 2 })
})

test('runOnce says why it could not claim', async () => {
  const world = await openRelayWorld()
  const { maxBatch } = world.store.capabilities.outbox
  await expect(world.relayOf({ batchSize: maxBatch + 1 }).runOnce()).rejects.toMatchObject({
    code: 'VALIDATION',
  })
})

test.each([
  ['consumer', ''],
  ['batchSize', 0],
  ['leaseMs', 1.5],
  ['idlePollMs', -1],
  ['concurrency', 0],
  ['deliveryTimeoutMs', Number.NaN],
  ['ackDelayMs', -1],
  ['source', 'two words'],
])('a relay whose %s is %j is refused at once', async (option, value) => {
  const world = await openRelayWorld()
  expect(() => world.relayOf({ [option]: value })).toThrow(
    expect.objectContaining({
      code: 'VALIDATION',
      data: { issues: [expect.objectContaining({ path: option })] },
    }),
  )
})

test('a relay on a closed store says so and ends', async () => {
  const world = await openRelayWorld()
  await world.store.close()
  const relay = world.relayOf()
  relay.start()
  await eventually(() => kinds(world.told).includes('ended'))
  expect(world.told).toEqual([{ kind: 'ended', code: 'STORE_CLOSED' }])
  await relay.stop()
})

test('a hook that fails stops nothing', async () => {
  const world = await openRelayWorld()
  const events = await emitEvents(world, 1)
  const relay = world.relayOf({
    onEvent() {
      throw new Error('the log is full')
    },
  })
  expect(await relay.runOnce()).toMatchObject({ delivered: events.length })
})

test('as many aggregates as asked for are delivered in parallel, and no more', async () => {
  const world = await openRelayWorld()
  await emitEvents(world, 5)
  const letGo = world.sink.hold()
  const run = world.relayOf({ concurrency: 3 }).runOnce()
  await eventually(() => world.sink.busy === 3)
  letGo()
  await run
  expect(world.sink.busiest).toBe(3)
  expect(world.sink.taken).toHaveLength(10)
})

test('relays side by side deliver every event once and keep the order of each aggregate', async () => {
  const world = await openRelayWorld()
  const events = await emitEvents(world, 12)
  const relays = ['a', 'b', 'c'].map((consumer) => world.relayOf({ consumer, batchSize: 5 }))
  for (const relay of relays) relay.start()
  await eventually(() => world.sink.taken.length >= events.length)
  await Promise.all(relays.map((relay) => relay.stop()))
  expect([...world.sink.taken].sort()).toEqual(idsOf(events).sort())
  for (const ofUser of idsByAggregate(events)) {
    expect(world.sink.taken.filter((id) => ofUser.includes(id))).toEqual(ofUser)
  }
})
