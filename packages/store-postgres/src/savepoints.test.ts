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
let count = 1

function user(): User {
  count += 1
  return { ...USER, id: USER.id.replace(/.$/, String(count)) }
}

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

test('what a nested transaction left behind unawaited has no effect once it has failed [TXN-05, TXN-08]', async () => {
  const [lost, kept] = [user(), user()]
  const { promise: failed, resolve: fail } = Promise.withResolvers<void>()
  let straggler: Promise<unknown> = Promise.resolve()
  await store.transact(PLATFORM, async (tx) => {
    const nested = tx.transact(async (middle) => {
      straggler = middle.transact(async (innermost) => {
        await innermost.users.list()
        await failed
        await innermost.users.insert(lost)
        await innermost.users.list()
      })
      await delay(10)
      queueMicrotask(fail)
      throw new RangeError('on purpose')
    })
    await expect(nested).rejects.toThrow(RangeError)
    await expect(straggler).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' })
    await tx.users.insert(kept)
  })
  const found = await store.read(PLATFORM, async (reader) => [
    await reader.users.get(lost.id),
    await reader.users.get(kept.id),
  ])
  expect(found).toEqual([null, kept])
})

test.each(['throws', 'runs out of time'] as const)(
  'what a transaction left behind unawaited has no effect once it %s, and takes no connection',
  async (how) => {
    const single = await createPostgresStore({ capability: database.capability, maxConnections: 1 })
    const lost = user()
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    let straggler: Promise<unknown> = Promise.resolve()
    const call = single.transact(
      PLATFORM,
      async (tx) => {
        straggler = tx.transact(async (nested) => {
          await nested.users.list()
          await ended
          await nested.users.insert(lost)
          await nested.users.list()
        })
        straggler.catch(() => {})
        await delay(50)
        if (how === 'throws') throw new RangeError('on purpose')
        await new Promise(() => {})
      },
      { timeoutMs: 300 },
    )
    await expect(call).rejects.toThrow()
    end()
    await expect(straggler).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' })
    expect(await single.read(PLATFORM, (reader) => reader.users.get(lost.id))).toBeNull()
    await single.close()
  },
)
