// A server that is gone, hangs, or takes no writes any more, and a provider that hands out the address of another one: the
// store goes there by itself [LIF-02].
import type { LocalDatabase, LocalProvider } from '@user-engine/provider-local'
import { isUserEngineError, type LeaseRole, type PostgresCapability } from '@user-engine/store-protocol'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createPostgresStore, type PostgresStore } from '../create-postgres-store.ts'
import { migrate } from '../migrations/migrate.ts'
import { openOwnServer } from '../testing/own-server.ts'
import { createTestDatabase } from '../testing/test-database.ts'

const TIMEOUT_MS = 1_000

let provider: LocalProvider
let first: LocalDatabase
let second: LocalDatabase & { drop(): Promise<void> }
let current: LocalDatabase
let asked: LeaseRole[]
let store: PostgresStore

beforeAll(async () => {
  provider = await openOwnServer()
  first = await provider.provisionDatabase({ name: 'first' })
  await migrate({ capability: first.capability })
  second = await createTestDatabase()
})

beforeEach(async () => {
  current = first
  asked = []
  const capability: PostgresCapability = {
    describe: () => current.capability.describe(),
    lease: (role) => {
      asked.push(role)
      return current.capability.lease(role)
    },
  }
  store = await createPostgresStore({ capability, defaultTimeoutMs: TIMEOUT_MS })
  await insertUser()
})

afterEach(async () => {
  await store.close()
  await provider.faults.resume()
  await provider.faults.start()
  await first.query('BEGIN READ WRITE; ALTER DATABASE first RESET default_transaction_read_only; COMMIT')
})

afterAll(async () => {
  await second.drop()
  await provider.stop()
})

async function insertUser(): Promise<string> {
  const at = '2026-01-01T00:00:00.000Z'
  const id = uuidv7()
  await store.transact({ platform: true, reason: 'failover test' }, (tx) =>
    tx.users.insert({
      ...{ id, kind: 'person', displayName: null, status: 'active' },
      ...{ version: 1, createdAt: at, updatedAt: at },
    }),
  )
  return id
}

const outcome = () =>
  insertUser().then(
    () => 'written',
    (error: unknown) => (isUserEngineError(error) ? error.code : String(error)),
  )

const isOnSecond = async (id: string) =>
  (await second.query('SELECT id FROM user_engine.users WHERE id = $1', [id])).rows.length === 1

test('a server that is gone: the first call that finds nobody asks for another lease, and succeeds', async () => {
  await provider.faults.kill()
  current = second
  // What the driver has not noticed yet fails once.
  await expect.poll(outcome).toBe('written')
  expect(await isOnSecond(await insertUser())).toBe(true)
})

test('a server that hangs: calls end within their limit, and later ones go to the other one', async () => {
  await provider.faults.pause()
  current = second
  const start = performance.now()
  // The whole unit was on its way, its COMMIT too.
  expect(await outcome()).toBe('OUTCOME_UNKNOWN')
  expect(performance.now() - start).toBeLessThan(TIMEOUT_MS * 3)
  await expect.poll(outcome).toBe('written')
  expect(await isOnSecond(await insertUser())).toBe(true)
})

test('a server that takes no writes any more: its connections are given up', async () => {
  await first.query('ALTER DATABASE first SET default_transaction_read_only = on')
  await first.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  )
  await expect.poll(outcome).toBe('UNAVAILABLE')
  current = second
  await expect.poll(outcome).toBe('written')
  expect(await isOnSecond(await insertUser())).toBe(true)
})

test('a server that is down for a while and has no successor: the provider is not asked at every call', async () => {
  await provider.faults.kill()
  asked = []
  const start = performance.now()
  let calls = 0
  while (performance.now() - start < 1_500) {
    calls += 1
    expect(['UNAVAILABLE', 'OUTCOME_UNKNOWN']).toContain(await outcome())
  }
  expect(calls).toBeGreaterThan(10)
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.length).toBeLessThanOrEqual(3)
  await provider.faults.start()
  await expect.poll(outcome).toBe('written')
})
