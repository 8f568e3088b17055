// Events that do not go straight: settled in parts and by others, kept back, given back, replayed. What the cases of the kit do
// not see is how they leave the lease they came with, and that nobody is forgotten behind them [OBX-03, OBX-05].
import type { OutboxLease } from '@user-engine/store-protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { PostgresStore } from './create-postgres-store.ts'
import { createOutboxWorld, idsOf, type OutboxWorld, outboxEvent } from './testing/outbox-world.ts'

const ACME = { tenantId: 'acme' } as const

let world: OutboxWorld
let one: PostgresStore
let two: PostgresStore

beforeEach(async () => {
  world = await createOutboxWorld()
  one = await world.open()
  two = await world.open()
})

afterEach(() => world.close())

/** Appends an event for each aggregate named; returns their ids. */
async function append(...aggregates: readonly string[]): Promise<readonly string[]> {
  const events = aggregates.map((aggregate) => outboxEvent(aggregate))
  await one.transact(ACME, (tx) => {
    for (const event of events) void tx.outbox.append(event)
  })
  return events.map(({ id }) => id)
}

function claim(store: PostgresStore, limit = 100, leaseMs = 600_000): Promise<OutboxLease> {
  return store.outbox.claim({ consumer: 'test', limit, leaseMs })
}

const deliveries = async () =>
  Number(
    (await world.database.query('SELECT count(*) FROM user_engine.outbox_deliveries')).rows[0]?.['count'],
  )

test('one instance settles what another claimed, in parts that follow each other in any order', async () => {
  const [a = '', b = '', c = '', d = ''] = await append('a', 'b', 'c', 'd')
  const { token } = await claim(one)
  await two.outbox.ack({ token, eventIds: [c] })
  await one.outbox.ack({ token, eventIds: [a] })
  const stale = { code: 'STALE_LEASE', data: { token, eventIds: [c] } }
  await expect(one.outbox.ack({ token, eventIds: [b, c] })).rejects.toMatchObject(stale)
  await expect(two.outbox.extend({ token, eventIds: [c, d], leaseMs: 1_000 })).rejects.toMatchObject(stale)
  await two.outbox.extend({ token, eventIds: [b], leaseMs: 600_000 })
  await one.outbox.ack({ token, eventIds: [d, b] })
  expect(await one.outbox.stats()).toMatchObject({ pending: 0, leased: 0 })
  expect(await deliveries()).toBe(0)
  expect(idsOf(await claim(two))).toEqual([])
})

test('a lease that is extended in part lapses in the other part', async () => {
  const [a = '', b = '', c = ''] = await append('a', 'b', 'c')
  const { token } = await claim(one, 100, 200)
  await one.outbox.extend({ token, eventIds: [b], leaseMs: 600_000 })
  await expect.poll(async () => (await one.outbox.stats()).leased).toBe(1)
  const again = await claim(two)
  expect(again.deliveries.map(({ event, attempt }) => [event.id, attempt])).toEqual([
    [a, 2],
    [c, 2],
  ])
  await one.outbox.ack({ token, eventIds: [b] })
  await two.outbox.ack({ token: again.token, eventIds: [a, c] })
  expect(await one.outbox.stats()).toMatchObject({ pending: 0, leased: 0 })
})

const attemptsOf = ({ deliveries }: OutboxLease) =>
  deliveries.map(({ event, attempt }) => [event.id, attempt])

test('what went straight is released in part, by another instance, and is at its first attempt again', async () => {
  const [a = '', b = '', c = ''] = await append('a', 'b', 'c')
  const { token } = await claim(one)
  await two.outbox.release({ token, eventIds: [c, a] })
  const again = await claim(one)
  expect(attemptsOf(again)).toEqual([
    [a, 1],
    [c, 1],
  ])
  // As deliveries of their own, the second time.
  await two.outbox.release({ token: again.token, eventIds: [a, c] })
  const once = await claim(two)
  expect(attemptsOf(once)).toEqual([
    [a, 1],
    [c, 1],
  ])
  await one.outbox.ack({ token, eventIds: [b] })
  await one.outbox.ack({ token: once.token, eventIds: [a, c] })
  expect(await one.outbox.stats()).toMatchObject({ pending: 0, leased: 0 })
  expect(await deliveries()).toBe(0)
})

test('what is released after its lease has lapsed and others were claimed from it goes back to its attempt', async () => {
  const [a = '', b = ''] = await append('a', 'b')
  const lapsed = await claim(one, 100, 100)
  await expect.poll(async () => (await one.outbox.stats()).leased).toBe(0)
  const heir = await claim(two, 1)
  expect(attemptsOf(heir)).toEqual([[a, 2]])
  const { token } = lapsed
  const refused = one.outbox.release({ token, eventIds: [b, a] })
  await expect(refused).rejects.toMatchObject({ code: 'STALE_LEASE', data: { token, eventIds: [a] } })
  await one.outbox.release({ token, eventIds: [b] })
  const [later = ''] = await append('b')
  expect(attemptsOf(await claim(one))).toEqual([
    [b, 1],
    [later, 1],
  ])
  await two.outbox.release({ token: heir.token, eventIds: [a] })
  expect(attemptsOf(await claim(two))).toEqual([[a, 2]])
})

test('the events of two tenants with one id are settled by one call', async () => {
  const event = outboxEvent('a')
  for (const tenantId of ['acme', 'other'])
    await one.transact({ tenantId }, (tx) => tx.outbox.append({ ...event, tenantId, aggregateId: tenantId }))
  const lease = await claim(one)
  expect(idsOf(lease)).toEqual([event.id, event.id])
  await one.outbox.ack({ token: lease.token, eventIds: [event.id] })
  expect(await one.outbox.stats()).toMatchObject({ pending: 0, leased: 0 })
})

test('what waits behind a lease goes on when that is acknowledged, whole or in part', async () => {
  const [first = ''] = await append('a')
  const [other = ''] = await append('b')
  const held = await claim(one, 2)
  const [second = '', third = ''] = await append('a', 'a')
  expect(idsOf(await claim(two))).toEqual([])
  expect((await one.outbox.stats()).blocked).toEqual([
    { aggregateType: 'user', aggregateId: 'a', because: 'leased', waiting: 2 },
  ])
  await one.outbox.ack({ token: held.token, eventIds: [first] })
  const next = await claim(two)
  expect(idsOf(next)).toEqual([second, third])
  await one.outbox.ack({ token: held.token, eventIds: [other] })
  await two.outbox.ack({ token: next.token, eventIds: [second, third] })
  expect(await deliveries()).toBe(0)
})

test('a hot aggregate keeps nobody else back, however much of it waits', async () => {
  const [poison = ''] = await append('hot')
  const held = await claim(one, 1)
  for (let part = 0; part < 5; part += 1) await append(...Array.from({ length: 500 }, () => 'hot'))
  const others = await append('a', 'b', 'c')
  const got: string[] = []
  for (let round = 0; round < 6 && got.length < others.length; round += 1)
    got.push(...idsOf(await claim(two, 10)))
  expect(got).toEqual(others)
  expect((await one.outbox.stats()).blocked).toEqual([
    { aggregateType: 'user', aggregateId: 'hot', because: 'leased', waiting: 2_500 },
  ])
  await one.outbox.deadLetter({ token: held.token, eventIds: [poison], reason: 'poison' })
  expect((await claim(two, 1_000)).deliveries).toHaveLength(1_000)
})

test('an earlier event that is replayed while a later one is held, and all that waits, come in the end', async () => {
  const [first = '', second = '', other = ''] = await append('a', 'a', 'b')
  const both = await claim(one)
  await one.outbox.nack({ token: both.token, eventIds: [other], reason: 'test', retryAfterMs: 600_000 })
  await one.outbox.deadLetter({ token: both.token, eventIds: [first], reason: 'test' })
  const [third = ''] = await append('a')
  await one.outbox.nack({ token: both.token, eventIds: [second], reason: 'test', retryAfterMs: 0 })
  const later = await claim(two, 1, 200)
  expect(idsOf(later)).toEqual([second])
  await one.outbox.replay({ eventId: first })
  expect(idsOf(await claim(one))).toEqual([])
  const seen: string[] = []
  await expect
    .poll(async () => {
      const lease = await claim(one)
      seen.push(...idsOf(lease))
      if (lease.deliveries.length > 0) await one.outbox.ack({ token: lease.token, eventIds: idsOf(lease) })
      return seen.length
    })
    .toBe(3)
  expect(seen).toEqual([first, second, third])
  expect(await one.outbox.stats()).toMatchObject({ pending: 1, leased: 0 })
})

test('a lease that is extended while a claim finds it lapsed is not taken from its consumer', async () => {
  const [first = ''] = await append('a')
  const held = await claim(one, 1, 300)
  const [second = '', other = ''] = await append('a', 'b')
  const extension = await world.begin('relay')
  await extension.query(
    `UPDATE user_engine.outbox_leases SET leased_until = now() + interval '1 hour' WHERE token = ${held.token}`,
  )
  await expect.poll(async () => (await two.outbox.stats()).leased).toBe(0)
  const claimed = claim(two)
  await expect
    .poll(async () => {
      const waiting = `SELECT count(*)::integer FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`
      return (await world.database.query(waiting)).rows
    })
    .toEqual([{ count: 1 }])
  await extension.commit()
  expect(idsOf(await claimed)).toEqual([other])
  await one.outbox.ack({ token: held.token, eventIds: [first] })
  expect(idsOf(await claim(two))).toEqual([second])
})

test('a clock that goes back makes nobody wait for it', async () => {
  const [event = ''] = await append('a')
  const { token } = await claim(one)
  // As a claim leaves it whose clock was a day ahead.
  await world.database.query(
    `UPDATE user_engine.outbox_leases SET nothing_due_until = now() + interval '1 day' WHERE token = ${token}`,
  )
  await one.outbox.nack({ token, eventIds: [event], reason: 'test', retryAfterMs: 0 })
  expect(idsOf(await claim(two))).toEqual([event])
})

test('a claim without the newest row of another refuses, rather than hand everything over again', async () => {
  await append('a')
  await world.database.query('DELETE FROM user_engine.outbox_leases')
  await expect(claim(one)).rejects.toMatchObject({ code: 'INTERNAL', data: { reference: 'sqlstate P0002' } })
})
