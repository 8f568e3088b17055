// What a claim and an acknowledgement read stays the same, however much has been delivered: with nothing vacuumed, and with an
// old snapshot held throughout, so that no dead version can be removed or skipped [OBX-08]. Counted in pages, which a busy
// machine does not change; rates are what the benchmarks are for.
import type { LocalProvider } from '@user-engine/provider-local'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PostgresStore } from './create-postgres-store.ts'
import { createOutboxWorld, idsOf, type OutboxWorld, outboxEvent } from './testing/outbox-world.ts'
import { openOwnServer } from './testing/own-server.ts'
import { contextCall } from './transaction-context.ts'

const BATCH = 20
const CYCLES = 600

let provider: LocalProvider
let world: OutboxWorld
let store: PostgresStore
let relay: pg.Client
let holder: pg.Client

beforeAll(async () => {
  // A claim remembers every transaction of its server that is still running, those of other tests too, and looks for each.
  provider = await openOwnServer()
  world = await createOutboxWorld(provider)
  const tables = await world.database.query(`
    SELECT relname FROM pg_class WHERE relnamespace = 'user_engine'::regnamespace AND relkind = 'r' AND relname LIKE 'outbox%'`)
  for (const { relname } of tables.rows)
    await world.database.query(`ALTER TABLE user_engine.${relname} SET (autovacuum_enabled = false)`)
  store = await world.open()
  relay = await connect('relay')
  holder = await connect('runtime')
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await holder.query('SELECT count(*) FROM user_engine.outbox_events')
})

afterAll(async () => {
  await holder.end()
  await relay.end()
  await world.close()
  await provider.stop()
})

async function connect(role: 'relay' | 'runtime'): Promise<pg.Client> {
  const { host, port, user, password } = await world.database.capability.lease(role)
  const client = new pg.Client({
    host,
    port,
    user,
    password: String(password),
    database: world.database.name,
  })
  await client.connect()
  return client
}

/** Delivers events, a part of them in the second attempt. */
async function deliver(cycles: number): Promise<void> {
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    await appendBatch(cycle)
    for (;;) {
      const lease = await store.outbox.claim({ consumer: 'test', limit: BATCH, leaseMs: 600_000 })
      const [first, ...rest] = idsOf(lease)
      if (first === undefined) break
      const { token } = lease
      if (cycle % 5 === 0 && lease.deliveries[0]?.attempt === 1) {
        await store.outbox.nack({ token, eventIds: [first], reason: 'once more', retryAfterMs: 0 })
        if (rest.length > 0) await store.outbox.ack({ token, eventIds: rest })
      } else await store.outbox.ack({ token, eventIds: [first, ...rest] })
    }
  }
}

async function appendBatch(cycle: number): Promise<void> {
  await store.transact({ tenantId: 'acme' }, (tx) => {
    for (let n = 0; n < BATCH; n += 1) void tx.outbox.append(outboxEvent(`u${cycle % 7}-${n}`))
  })
}

/** The pages that a statement touches, as a transaction of the relay sees them; it is undone. */
async function pagesOf(statement: string, before: string | null = null): Promise<number> {
  await relay.query('BEGIN')
  try {
    const { statement: context, values } = contextCall({ relay: true }, 60_000)
    await relay.query(context.text, values)
    if (before !== null) await relay.query(before)
    const { rows } = await relay.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement}`)
    const { Plan: plan } = rows[0]['QUERY PLAN'][0]
    return plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
  } finally {
    await relay.query('ROLLBACK')
  }
}

const CLAIM = `SELECT * FROM user_engine.claim_outbox_events('test', ${BATCH}, 60000, 10)`
const MEASURED: readonly (readonly [what: string, statement: string, before: string | null])[] = [
  ['claim', CLAIM, null],
  [
    'ack',
    `UPDATE user_engine.outbox_leases SET open = 0, settled = '', seqs = '{}', aggregates = '{}'
     WHERE token = (SELECT currval('user_engine.outbox_tokens'))`,
    CLAIM,
  ],
  [
    'hold, for a nack',
    `SELECT user_engine.hold_outbox_events(currval('user_engine.outbox_tokens'),
       ARRAY(SELECT id FROM user_engine.outbox_events ORDER BY seq DESC LIMIT 3))`,
    CLAIM,
  ],
  ['how far it has come', 'SELECT * FROM user_engine.newest_outbox_claim()', null],
  ['what is leased', 'SELECT * FROM user_engine.open_outbox_leases()', CLAIM],
]

async function measure(): Promise<Record<string, number>> {
  await appendBatch(0)
  const pages: Record<string, number> = {}
  for (const [what, statement, before] of MEASURED) {
    // The first time it is planned, and now and then a page has to be added to a table.
    const runs = []
    for (let run = 0; run < 4; run += 1) runs.push(await pagesOf(statement, before))
    pages[what] = Math.min(...runs)
  }
  await deliver(1)
  return pages
}

test('pages read are the same after thousands of delivered events', { timeout: 60_000 }, async () => {
  await deliver(5)
  const early = await measure()
  await deliver(CYCLES)
  const late = await measure()
  const dead = await world.database.query(`
    SELECT pg_relation_size('user_engine.outbox_leases') / 8192 AS leases,
      pg_relation_size('user_engine.outbox_deliveries') / 8192 AS deliveries`)
  // Nothing of what was done has been cleared away.
  expect(Number(dead.rows[0]?.['leases'])).toBeGreaterThan(60)
  expect(Number(dead.rows[0]?.['deliveries'])).toBeGreaterThan(1)
  for (const [what, pages] of Object.entries(late))
    expect(pages, `${what}: ${early[what]} pages early, ${pages} late`).toBeLessThanOrEqual(
      Math.ceil((early[what] ?? 0) * 1.3) + 4,
    )
})
