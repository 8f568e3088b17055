// Positions become visible when their transactions commit, and that may be after higher ones were taken. Nothing is lost
// then, nothing is handed over twice, and nobody waits [OBX-01].
import type { OutboxEvent } from '@user-engine/store-protocol'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import type { PostgresStore } from './create-postgres-store.ts'
import { createOutboxWorld, idsOf, type OutboxWorld, outboxEvent } from './testing/outbox-world.ts'
import { openOwnServer } from './testing/own-server.ts'

// A server of its own, on which nobody else's transactions run: what a snapshot names is part of these tests.
const provider = await openOwnServer({ settings: { autovacuum: 'off' } })

let world: OutboxWorld
let store: PostgresStore
let count = 0

beforeEach(async () => {
  world = await createOutboxWorld(provider)
  store = await world.open()
})

afterEach(() => world.close())

afterAll(() => provider.stop())

/** An event of an aggregate of its own. */
function anEvent(): OutboxEvent {
  count += 1
  return outboxEvent(`u${count}`)
}

/** Claims and acknowledges until nothing is due. */
async function drain(limit = 100): Promise<readonly string[]> {
  const ids: string[] = []
  for (;;) {
    const lease = await store.outbox.claim({ consumer: 'test', limit, leaseMs: 60_000 })
    if (lease.deliveries.length === 0) return ids
    ids.push(...idsOf(lease))
    await store.outbox.ack({ token: lease.token, eventIds: idsOf(lease) })
  }
}

async function commitOne(event: OutboxEvent): Promise<void> {
  const transaction = await world.begin()
  await transaction.append(event)
  await transaction.commit()
}

test('what was appended first and committed last comes when it is there', async () => {
  const [first, second] = [anEvent(), anEvent()]
  const slow = await world.begin()
  await slow.append(first)
  await commitOne(second)
  expect(await drain()).toEqual([second.id])
  expect(await drain()).toEqual([])
  await slow.commit()
  expect(await drain()).toEqual([first.id])
  expect(await store.outbox.stats()).toMatchObject({ pending: 0, leased: 0, oldestAgeMs: null })
})

test('also when its transaction has an id above that of every transaction that has ended', async () => {
  const [below, above] = [anEvent(), anEvent()]
  // The first use of the outbox ends transactions of its own.
  expect(await drain()).toEqual([])
  const older = await world.begin()
  await older.query('SELECT pg_current_xact_id()')
  const newer = await world.begin()
  await newer.append(below)
  await older.append(above)
  await older.commit()
  // A snapshot names only what runs below the last transaction that ended: here, nothing.
  const { rows } = await world.database.query('SELECT pg_snapshot_xip(pg_current_snapshot())')
  expect(rows).toEqual([])
  expect(await drain()).toEqual([above.id])
  await newer.commit()
  expect(await drain()).toEqual([below.id])
})

test('of what was appended under savepoints, what was kept comes, however late', async () => {
  const [kept, undone, quick] = [anEvent(), anEvent(), anEvent()]
  const slow = await world.begin()
  await slow.query('SAVEPOINT one')
  await slow.append(kept)
  await slow.query('RELEASE SAVEPOINT one')
  await slow.query('SAVEPOINT two')
  await slow.append(undone)
  await slow.query('ROLLBACK TO SAVEPOINT two')
  await commitOne(quick)
  expect(await drain()).toEqual([quick.id])
  await slow.commit()
  expect(await drain()).toEqual([kept.id])
})

test('what is undone leaves no trace, and nothing waits for it', async () => {
  const [undone, quick] = [anEvent(), anEvent()]
  const slow = await world.begin()
  await slow.append(undone)
  await commitOne(quick)
  expect(await drain()).toEqual([quick.id])
  await slow.rollback()
  expect(await drain()).toEqual([])
  expect(await world.progress()).toMatchObject({ late: '{}', ended: '{}' })
})

test('a large transaction that commits late comes in parts, each event once and in order, and what is new after it', async () => {
  const large = Array.from({ length: 250 }, anEvent)
  const [other, before, after] = [anEvent(), anEvent(), anEvent()]
  const slow = await world.begin()
  await slow.append(...large.slice(0, 120))
  const otherSlow = await world.begin()
  await otherSlow.append(other)
  await slow.append(...large.slice(120))
  await commitOne(before)
  expect(await drain()).toEqual([before.id])
  await slow.commit()
  const first = await store.outbox.claim({ consumer: 'test', limit: 100, leaseMs: 60_000 })
  expect(idsOf(first)).toEqual(large.slice(0, 100).map(({ id }) => id))
  // Another one ends, and something new comes, while the large one is only partly taken.
  await otherSlow.commit()
  await commitOne(after)
  expect(await store.outbox.stats()).toMatchObject({ pending: 152, leased: 100 })
  const listed = await store.read({ tenantId: 'acme' }, (reader) =>
    reader.outbox.list({ state: 'pending', page: { limit: 500 } }),
  )
  expect(listed.items).toHaveLength(252)
  const rest = await drain()
  expect(rest.filter((id) => id !== other.id)).toEqual([...large.slice(100), after].map(({ id }) => id))
  expect(rest.filter((id) => id === other.id)).toHaveLength(1)
  await store.outbox.ack({ token: first.token, eventIds: idsOf(first) })
  expect(await store.outbox.stats()).toMatchObject({ pending: 0, leased: 0 })
})

test('an old transaction of another database keeps nobody waiting', async () => {
  const other = await createOutboxWorld(provider)
  try {
    const idle = await other.begin()
    await idle.append(anEvent())
    for (let round = 0; round < 5; round += 1) {
      const event = anEvent()
      await commitOne(event)
      expect(await drain()).toEqual([event.id])
    }
    const { late } = await world.progress()
    expect(String(late).split(',').length).toBeLessThan(5)
    await idle.rollback()
  } finally {
    await other.close()
  }
})

test('a late transaction of a cluster that a dump came from is taken, once', async () => {
  const [late, seen, fresh] = [anEvent(), anEvent(), anEvent()]
  await commitOne(late)
  await commitOne(seen)
  expect(await drain()).toEqual([late.id, seen.id])
  // As a dump would bring it that was made between the claim and the next: numbers of transactions as they were there.
  await world.database.query(`
    UPDATE user_engine.outbox_events SET xid = '999999999999' WHERE id = '${late.id}';
    UPDATE user_engine.outbox_leases SET late = '{999999999999}', late_floor = 0
    WHERE token = (SELECT max(token) FROM user_engine.outbox_leases)`)
  await commitOne(fresh)
  const ids = [...(await drain()), ...(await drain())]
  expect(ids).toEqual([late.id, fresh.id])
  expect(await world.progress()).toMatchObject({ late: '{}', ended: '{}' })
})

test('an event of another cluster is not taken for one of a transaction that has its number here', async () => {
  const [late, taken, waiting, here] = [anEvent(), anEvent(), anEvent(), anEvent()]
  await commitOne(late)
  await commitOne(taken)
  expect(await drain()).toEqual([late.id, taken.id])
  await commitOne(waiting)
  const running = await world.begin()
  await running.append(here)
  const [row] = await running.query('SELECT pg_current_xact_id()::text AS xid')
  await world.database.query(`
    UPDATE user_engine.outbox_events SET xid = '${row?.['xid']}' WHERE id <> '${taken.id}';
    UPDATE user_engine.outbox_leases SET late = '{${row?.['xid']}}', late_floor = 0
    WHERE token = (SELECT max(token) FROM user_engine.outbox_leases)`)
  // A restore comes with a new epoch.
  const { capability } = world.database
  store = await world.open({
    capability: {
      describe: async () => ({ ...(await capability.describe()), epoch: 'restored' }),
      lease: (role) => capability.lease(role),
    },
  })
  expect(await drain()).toEqual([late.id, waiting.id])
  await running.commit()
  expect(await drain()).toEqual([here.id])
  expect(await drain()).toEqual([])
})
