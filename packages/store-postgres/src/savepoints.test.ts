// Nested transactions that take their time before they fail.
import { setTimeout as delay } from 'node:timers/promises'
import type { LocalDatabase } from '@user-engine/provider-local'
import type { User } from '@user-engine/store-protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPostgresStore, type PostgresStore } from './create-postgres-store.ts'
import { createTestDatabase } from './testing/test-database.ts'

const PLATFORM = { platform: true, reason: 'test' } as const
const USER: User = {
  id: '01900000-0000-7000-8000-000000000001',
  ...{ kind: 'person', displayName: null, status: 'active', version: 1 },
  ...{ createdAt: '2026-01-31T09:30:00.000Z', updatedAt: '2026-01-31T09:30:00.000Z' },
}

let database: LocalDatabase & { drop(): Promise<void> }
let store: PostgresStore

beforeAll(async () => {
  database = await createTestDatabase()
  store = await createPostgresStore({ capability: database.capability })
})

afterAll(async () => {
  await store.close()
  await database.drop()
})

// The server's time limit is brought up to date now and then: not by a statement that a failed level would refuse.
test('a nested failure is survived however long the nested work took to give up [TXN-05]', async () => {
  await store.transact(PLATFORM, async (tx) => {
    await tx.users.insert(USER)
    const nested = tx.transact(async (inner) => {
      await inner.users.insert(USER).catch(() => {})
      await inner.users.get(USER.id).catch(() => {})
      await delay(250)
    })
    await expect(nested).rejects.toMatchObject({ data: { causeCode: 'DUPLICATE_KEY' } })
    expect(await tx.users.get(USER.id)).toEqual(USER)
  })
  expect(await store.read(PLATFORM, (reader) => reader.users.get(USER.id))).toEqual(USER)
})
