// The log of events in partitions, on a real server: what is made, what may be dropped and when, and that each partition is as
// closed as the log itself.
import type { OutboxEvent } from '@user-engine/store-protocol'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { PostgresStore } from '../create-postgres-store.ts'
import { verifySchema } from '../doctor/verify-schema.ts'
import { createOutboxWorld, idsOf, type OutboxWorld, outboxEvent } from '../testing/outbox-world.ts'
import { createPartitionSql, partitionName, spanOf } from './partition-sql.ts'
import { type TendOptions, tendOutboxLog } from './tend-outbox-log.ts'

const DAY_MS = 86_400_000
const ACME = { tenantId: 'acme' } as const
const LONG = { consumer: 'test', limit: 100, leaseMs: 600_000 }

let world: OutboxWorld
let store: PostgresStore

beforeEach(async () => {
  world = await createOutboxWorld()
  store = await world.open()
})

afterEach(async () => {
  vi.restoreAllMocks()
  await world.close()
})

const tend = (options: Partial<TendOptions> = {}) =>
  tendOutboxLog({ capability: world.database.capability, ...options })

/** Lets somebody tend the log as of a moment. */
async function tendAsOf(time: number) {
  const now = vi.spyOn(Date, 'now').mockReturnValue(time)
  try {
    return await tend()
  } finally {
    now.mockRestore()
  }
}

async function partitions() {
  const { rows } = await world.database.query(`
    SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound,
      (SELECT count(*)::integer FROM user_engine.outbox_events e WHERE e.tableoid = c.oid) AS events
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'user_engine.outbox_events'::regclass ORDER BY 1`)
  return rows.map(({ name, bound, events }) => ({
    name: String(name),
    span: spanOf(String(bound)),
    events: Number(events),
  }))
}

/** The partition of a time, as it would have been made then. */
async function makePartitionOf(time: number): Promise<string> {
  const span = { from: time - DAY_MS, to: time + DAY_MS }
  const { roles } = await world.database.capability.describe()
  await world.database.query(`
    SET ROLE ${pg.escapeIdentifier(roles.owner)}; SET search_path = user_engine;
    ${createPartitionSql(partitionName(span), span)}`)
  return partitionName(span)
}

/** Appends an event as it would have been appended at that time. */
async function appendAt(time: number, aggregateId = 'u1'): Promise<OutboxEvent> {
  const event = outboxEvent(aggregateId, { id: uuidv7({ msecs: time }) })
  await store.transact(ACME, (tx) => tx.outbox.append(event))
  await world.database.query(
    `UPDATE user_engine.outbox_events SET appended_at = '${new Date(time).toISOString()}' WHERE id = '${event.id}'`,
  )
  return event
}

async function settleAll(): Promise<void> {
  for (;;) {
    const lease = await store.outbox.claim(LONG)
    if (lease.deliveries.length === 0) return
    await store.outbox.ack({ token: lease.token, eventIds: idsOf(lease) })
  }
}

const longAgo = () => Date.now() - 60 * DAY_MS

test('the migrations make partitions for now and the coming weeks, and the default one stays empty', async () => {
  await appendAt(Date.now())
  const found = await partitions()
  const now = Date.now()
  const spans = found.flatMap(({ span }) => span ?? []).sort((a, b) => a.from - b.from)
  expect(spans[0]?.from).toBeLessThanOrEqual(now)
  expect(spans.at(-1)?.to).toBeGreaterThan(now + 14 * DAY_MS)
  for (const [index, span] of spans.slice(1).entries()) expect(span.from).toBe(spans[index]?.to)
  expect(found.find(({ name }) => name === 'outbox_events_default')?.events).toBe(0)
  expect(await tend()).toEqual({ created: [], dropped: [], kept: [] })
})

test('partitions of later go on where the last one ends, and are as closed as the first', async () => {
  const before = await partitions()
  const { created } = await tendAsOf(Date.now() + 21 * DAY_MS)
  expect(created.length).toBeGreaterThan(0)
  const after = await partitions()
  expect(after).toHaveLength(before.length + created.length)
  const spans = after.flatMap(({ span }) => span ?? []).sort((a, b) => a.from - b.from)
  for (const [index, span] of spans.slice(1).entries()) expect(span.from).toBe(spans[index]?.to)
  expect((await verifySchema({ capability: world.database.capability })).checks).not.toContainEqual(
    expect.objectContaining({ status: 'fail' }),
  )
  const protection = await world.database.query(`
    SELECT DISTINCT c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner),
      (SELECT array_agg(a.grantee) FROM aclexplode(c.relacl) a WHERE a.grantee <> c.relowner) AS granted,
      (SELECT array_agg(concat(polname, polcmd, pg_get_expr(polqual, polrelid))) FROM pg_policy WHERE polrelid = c.oid)
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'user_engine.outbox_events'::regclass`)
  expect(protection.rows).toHaveLength(1)
})

test.each(['runtime', 'relay', 'migration'] as const)(
  'no partition gives its rows to the %s login by itself',
  async (role) => {
    await appendAt(Date.now())
    await appendAt(longAgo())
    const { host, port, user, password } = await world.database.capability.lease(role)
    const client = new pg.Client({ host, port, user, password, database: world.database.name })
    await client.connect()
    try {
      if (role === 'migration') {
        const { roles } = await world.database.capability.describe()
        await client.query(`SET ROLE ${pg.escapeIdentifier(roles.owner)}`)
      }
      for (const { name } of await partitions()) {
        const read = client.query(`SELECT * FROM user_engine.${name}`)
        if (role === 'migration') expect((await read).rows).toEqual([])
        else await expect(read).rejects.toMatchObject({ code: '42501' })
      }
    } finally {
      await client.end()
    }
  },
)

test('an id is refused a second time in whatever partition it is', async () => {
  for (const time of [Date.now(), longAgo()]) {
    const event = await appendAt(time)
    await expect(store.transact(ACME, (tx) => tx.outbox.append(event))).rejects.toMatchObject({
      code: 'DUPLICATE_KEY',
      data: { entity: 'outbox-event', key: 'id' },
    })
    const nested = store.transact(ACME, (tx) => tx.transact((inner) => inner.outbox.append(event)))
    await expect(nested).rejects.toMatchObject({ code: 'DUPLICATE_KEY' })
  }
})

test('a partition goes when all of its events are settled and old, and not before', async () => {
  const then = longAgo()
  const name = await makePartitionOf(then)
  const [waiting, leased, retried, dead] = [
    await appendAt(then, 'waiting'),
    await appendAt(then, 'leased'),
    await appendAt(then, 'retried'),
    await appendAt(then, 'dead'),
  ]
  const current = await appendAt(Date.now(), 'current')
  const kept = (because: string) => ({ created: [], dropped: [], kept: [{ partition: name, because }] })
  const settle = async (event: OutboxEvent) =>
    await store.outbox.ack({ token: lease.token, eventIds: [event.id] })
  expect(await tend()).toMatchObject(kept('pending'))
  const lease = await store.outbox.claim(LONG)
  expect(idsOf(lease)).toContain(waiting.id)
  const one = { token: lease.token, reason: 'test' }
  await settle(waiting)
  await settle(current)
  await store.outbox.nack({ ...one, eventIds: [retried.id], retryAfterMs: 600_000 })
  await store.outbox.deadLetter({ ...one, eventIds: [dead.id] })
  expect(await tend(), 'one is leased, one waits for its retry').toMatchObject(kept('pending'))
  await settle(leased)
  expect(await tend(), 'one waits for its retry').toMatchObject(kept('pending'))
  await world.database.query(
    `UPDATE user_engine.outbox_deliveries SET due_at = now(); UPDATE user_engine.outbox_leases SET nothing_due_until = '-infinity'`,
  )
  await settleAll()
  expect(await tend(), 'one is dead').toMatchObject(kept('dead'))
  await store.outbox.replay({ eventId: dead.id })
  await settleAll()
  expect(await tend({ retentionMs: 90 * DAY_MS }), 'young enough').toMatchObject({ dropped: [], kept: [] })
  const report = await tend()
  expect(report.dropped).toContain(name)
  expect(report.kept).toEqual([])
  expect((await partitions()).map((partition) => partition.name)).not.toContain(name)
  const { items } = await store.read(ACME, (reader) => reader.outbox.list())
  expect(items.map(({ event }) => event.id)).toEqual([current.id])
  expect(await store.outbox.stats()).toMatchObject({ pending: 0, leased: 0, dead: 0 })
})

test('what a transaction appended that has not ended keeps its partition, also below the position', async () => {
  const then = longAgo()
  await makePartitionOf(then)
  const slow = await world.begin()
  await slow.append(outboxEvent('slow', { id: uuidv7({ msecs: then }) }))
  await appendAt(then, 'quick')
  await settleAll()
  // Its locks cannot be had while the transaction is open; meanwhile the service goes on.
  const impatient = tend({ lockTimeoutMs: 20, patienceMs: 300 })
  const outcome = impatient.then(
    () => 'dropped',
    (error) => error.code,
  )
  for (let round = 0; round < 5; round += 1) await appendAt(Date.now(), `u${round}`)
  expect(await outcome).toBe('DEADLINE_EXCEEDED')
  await slow.commit()
  await settleAll()
  await world.database.query(
    `UPDATE user_engine.outbox_events SET appended_at = '${new Date(then).toISOString()}'`,
  )
  expect((await tend()).dropped).not.toEqual([])
})

test('events without a partition of their own are kept in the default one, which is replaced when all of them may go', async () => {
  await appendAt(longAgo())
  await appendAt(longAgo())
  expect((await partitions()).find(({ name }) => name === 'outbox_events_default')?.events).toBe(2)
  expect((await tend()).kept).toEqual([{ partition: 'outbox_events_default', because: 'pending' }])
  await settleAll()
  expect((await tend()).dropped).toEqual(['outbox_events_default'])
  expect((await partitions()).find(({ name }) => name === 'outbox_events_default')?.events).toBe(0)
  expect((await tend()).dropped).toEqual([])
  expect((await verifySchema({ capability: world.database.capability })).status).not.toBe('not-ready')
})

test('when nobody has tended for long, a new partition begins after what has no partition', async () => {
  await world.database.query(`
    DO $$ DECLARE name text; BEGIN
      FOR name IN SELECT c.oid::regclass FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'user_engine.outbox_events'::regclass AND c.relname <> 'outbox_events_default'
      LOOP EXECUTE 'DROP TABLE ' || name; END LOOP;
    END $$`)
  expect((await store.readiness()).checks).toContainEqual(
    expect.objectContaining({ code: 'outbox.partitions', status: 'warn' }),
  )
  await appendAt(Date.now())
  const { created } = await tend()
  expect(created.length).toBeGreaterThan(1)
  const spans = (await partitions()).flatMap(({ span }) => span ?? []).sort((a, b) => a.from - b.from)
  expect(spans[0]?.from).toBeGreaterThan(Date.now())
  expect((await store.readiness()).checks).toContainEqual(
    expect.objectContaining({ code: 'outbox.partitions', status: 'pass' }),
  )
})

test('of many that tend at once each finds the log in order', async () => {
  const then = longAgo()
  await makePartitionOf(then)
  await appendAt(then)
  await settleAll()
  const reports = await Promise.all(Array.from({ length: 6 }, () => tend()))
  const dropped = reports.flatMap((report) => report.dropped)
  expect(dropped.length).toBeGreaterThan(0)
  expect(new Set(dropped).size).toBe(dropped.length)
})

test('a retention below an hour is refused', async () => {
  await expect(tend({ retentionMs: 1_000 })).rejects.toMatchObject({ code: 'VALIDATION' })
})
