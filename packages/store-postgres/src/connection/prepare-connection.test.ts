// What a connection of the pool does with a batch that has no BEGIN.
import type { LocalDatabase } from '@user-engine/provider-local'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase } from '../testing/test-database.ts'
import { type ConnectionPool, createConnectionPool } from './connection-pool.ts'
import { defineStatement, type StatementCall } from './statement.ts'

let database: LocalDatabase & { drop(): Promise<void> }
const pools: ConnectionPool[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  const { user } = await database.capability.lease('runtime')
  const role = pg.escapeIdentifier(user)
  await database.query(`ALTER ROLE ${role} SET default_transaction_isolation = 'serializable'`)
  await database.query(`ALTER ROLE ${role} SET lock_timeout = '7s'`)
})

afterAll(async () => {
  for (const pool of pools) await pool.close(1_000)
  await database.drop()
})

function openPool(keepsSession: boolean): ConnectionPool {
  const pool = createConnectionPool({
    ...{ capability: database.capability, role: 'runtime', maxConnections: 1, namedStatements: true },
    ...{ keepsSession, applicationName: 'test', onDoubt: () => {} },
  })
  pools.push(pool)
  return pool
}

const sql = (text: string, ...values: string[]): StatementCall => ({
  statement: defineStatement(text),
  values,
})
const INSERT = sql(
  `INSERT INTO user_engine.idempotency_keys (tenant_id, key, fingerprint) VALUES ('acme', 'k', 'f')`,
)
const IN_ACME = sql(`SELECT set_config('user_engine.scope', $1, true)`, 'acme')
const COUNT = sql('SELECT count(*) FROM user_engine.idempotency_keys')
const SETTINGS = sql(
  `SELECT current_setting('transaction_isolation'), current_setting('lock_timeout'), current_setting('plan_cache_mode')`,
)

test('its isolation and settings are those the store counts on, whatever the role has', async () => {
  const connection = await openPool(true).acquire(5_000)
  expect(connection.commitsAtSync).toBe(true)
  const [settings] = await connection.execute([SETTINGS])
  expect(settings?.rows).toEqual([['read committed', '0', 'force_generic_plan']])
  connection.release()
})

test('through a pooler that keeps no session nothing is set in one, and a batch is not taken for a transaction', async () => {
  const connection = await openPool(false).acquire(5_000)
  expect(connection.commitsAtSync).toBe(false)
  const [settings] = await connection.execute([SETTINGS])
  expect(settings?.rows).toEqual([['serializable', '7s', 'auto']])
  connection.release()
})

test('it is one transaction: what fails takes everything with it, and what does not is committed with its end', async () => {
  const pool = openPool(true)
  const connection = await pool.acquire(5_000)
  await expect(connection.execute([IN_ACME, INSERT, sql('SELECT 1 / 0'), COUNT])).rejects.toMatchObject({
    index: 2,
    sent: true,
  })
  const failed = await connection.execute([IN_ACME, COUNT])
  expect(failed[1]?.rows).toEqual([['0']])
  await connection.execute([IN_ACME, INSERT])
  connection.release()
  const other = await openPool(true).acquire(5_000)
  const done = await other.execute([IN_ACME, COUNT])
  expect(done[1]?.rows).toEqual([['1']])
  other.release()
})

test('the scope ends with it', async () => {
  const connection = await openPool(true).acquire(5_000)
  await connection.execute([IN_ACME, COUNT])
  const [count] = await connection.execute([COUNT])
  expect(count?.rows).toEqual([['0']])
  connection.release()
})

test('a connection that was used is used again, one that broke meanwhile is not', async () => {
  const pool = openPool(true)
  const pidOf = async () => {
    const connection = await pool.acquire(5_000)
    const [answer] = await connection.execute([sql('SELECT pg_backend_pid()')])
    connection.release()
    return answer?.rows[0]?.[0]
  }
  const first = await pidOf()
  expect(await pidOf()).toBe(first)
  expect(pool.usage).toMatchObject({ open: 1, busy: 0, waiting: 0 })
  await database.query(`SELECT pg_terminate_backend(${first})`)
  await expect.poll(() => pool.usage.open).toBe(0)
  expect(await pidOf()).not.toBe(first)
})
