// Logins and passwords change all the time, the old ones are dropped after the drain window, and no request notices
// [CAP-04].

import { setTimeout as delay } from 'node:timers/promises'
import { attachLocalProvider } from '@user-engine/provider-local'
import { isUserEngineError, type PostgresCapability, type UserEngineStore } from '@user-engine/store-protocol'
import { v7 as uuidv7 } from 'uuid'
import { expect, inject, test } from 'vitest'
import { createPostgresStore } from './create-postgres-store.ts'
import { migrate } from './migrations/migrate.ts'

const ROTATE_EVERY_MS = 500
const DRAIN_MS = 1_500
const ROTATIONS = 20
const CALLERS = 8

test('twenty rotations under load, each of which drops the logins before it: no request fails', async () => {
  const provider = await attachLocalProvider(inject('postgresServer'))
  const database = await provider.provisionDatabase({ name: `ue_rotation_${process.pid}`, drainMs: DRAIN_MS })
  await migrate({ capability: database.capability })
  const users = new Set<string>()
  const capability: PostgresCapability = {
    describe: () => database.capability.describe(),
    async lease(role) {
      const lease = await database.capability.lease(role)
      users.add(lease.user)
      // A provider that rotates on a schedule knows when a credential ends.
      return { ...lease, expiresAt: new Date(Date.now() + ROTATE_EVERY_MS + DRAIN_MS).toISOString() }
    },
  }
  const store = await createPostgresStore({ capability })
  let rotating = true
  const failures: string[] = []
  let requests = 0
  const caller = async () => {
    while (rotating && failures.length === 0) {
      await request(store).then(
        () => {
          requests += 1
        },
        (error: unknown) => failures.push(isUserEngineError(error) ? error.code : String(error)),
      )
    }
  }
  const callers = Array.from({ length: CALLERS }, caller)
  for (let rotation = 0; rotation < ROTATIONS; rotation++) {
    await delay(ROTATE_EVERY_MS)
    await database.rotateCredentials()
  }
  rotating = false
  await Promise.all(callers)
  expect(failures).toEqual([])
  expect(requests).toBeGreaterThan(ROTATIONS * CALLERS)
  expect(users.size).toBeGreaterThan(ROTATIONS * 0.8)
  const counts = await store.read({ platform: true, reason: 'rotation test' }, (reader) =>
    reader.countRecords(),
  )
  expect(counts.user).toBe(requests)
  await store.close()
  await provider.dropDatabase(database.name)
  await provider.stop()
}, 60_000)

async function request(store: UserEngineStore): Promise<void> {
  const at = '2026-01-01T00:00:00.000Z'
  const user = {
    kind: 'person',
    displayName: null,
    status: 'active',
    version: 1,
    createdAt: at,
    updatedAt: at,
  } as const
  const id = uuidv7()
  await store.transact({ platform: true, reason: 'rotation test' }, async (tx) => {
    await tx.users.insert({ ...user, id })
    await tx.users.get(id)
  })
}
