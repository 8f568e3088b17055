// For a minute logins and passwords change every second, and the old ones are dropped after the drain window: directly and
// through a pooler no request fails [CAP-04].
import { setTimeout as delay } from 'node:timers/promises'
import { findMissingPooler, startLocalPooler } from '@user-engine/provider-local'
import {
  type AuditRecord,
  isUserEngineError,
  type PostgresCapability,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, expect, test } from 'vitest'
import { createPostgresStore } from './create-postgres-store.ts'
import { migrate } from './migrations/migrate.ts'
import { openOwnServer } from './testing/own-server.ts'

const ROTATIONS = 60
const ROTATE_EVERY_MS = 1_000
const DRAIN_MS = 2_000
/** Between two requests of a caller: the other test files run beside this one. */
const PACE_MS = 10
const SCOPE = { platform: true, reason: 'rotation test' } as const

// Its own, because logins come and go all the time.
const provider = await openOwnServer()
const missing = await findMissingPooler()
const pooler = missing === null ? await startLocalPooler(provider) : null
afterAll(async () => {
  await pooler?.stop()
  await provider.stop()
})

type Request = (store: UserEngineStore) => Promise<unknown>

/** Every kind of request has connections of its own, or holds one for a time of its own. */
const REQUESTS: { readonly [what: string]: Request } = {
  'changes and reads': (store) => insertUser(store, async () => {}),
  'transactions longer than a rotation': (store) => insertUser(store, () => delay(ROTATE_EVERY_MS * 1.2)),
  denials: (store) => store.recordDenial(SCOPE, denial()),
  'requests of the relay': (store) => store.outbox.stats(),
}

test.concurrent('a minute of rotations, directly', async () => {
  await rotateForAMinute('directly', (capability) => capability)
}, 120_000)

if (pooler === null) test.skip(`through a pooler is not run: ${missing}`, () => {})
else
  test.concurrent('a minute of rotations, through a pooler in transaction mode', async () => {
    await rotateForAMinute('through PgBouncer', (capability) => pooler.through(capability))
  }, 120_000)

async function rotateForAMinute(
  how: string,
  handed: (capability: PostgresCapability) => PostgresCapability,
): Promise<void> {
  const name = `ue_rotation_${process.pid}_${how.length}`
  const leaseMs = ROTATE_EVERY_MS + DRAIN_MS
  const database = await provider.provisionDatabase({ name, leaseMs, drainMs: DRAIN_MS })
  await migrate({ capability: database.capability })
  const logins = new Set<string>()
  const through = handed(database.capability)
  const capability: PostgresCapability = {
    describe: () => through.describe(),
    async lease(role) {
      const lease = await through.lease(role)
      if (role === 'runtime') logins.add(lease.user)
      return lease
    },
  }
  const store = await createPostgresStore({ capability })
  const counts: Record<string, number> = {}
  const failures: string[] = []
  const start = performance.now()
  const isOver = () => logins.size > ROTATIONS || failures.length > 0
  const call = async (what: string, request: Request) => {
    while (!isOver()) {
      await request(store).then(
        () => {
          counts[what] = (counts[what] ?? 0) + 1
        },
        (error: unknown) => failures.push(`${what}: ${isUserEngineError(error) ? error : String(error)}`),
      )
      await delay(PACE_MS)
    }
  }
  const callers = Object.entries(REQUESTS).flatMap(([what, request]) => [
    call(what, request),
    call(what, request),
  ])
  await Promise.all(callers)
  const rotations = logins.size - 1
  const seconds = Math.round((performance.now() - start) / 1_000)
  process.stdout.write(
    `${how}: ${rotations} rotations in ${seconds} s under ${JSON.stringify(counts)}, ${failures.length} failed\n`,
  )
  expect(failures).toEqual([])
  expect(rotations).toBeGreaterThanOrEqual(ROTATIONS)
  for (const what of Object.keys(REQUESTS)) expect(counts[what], what).toBeGreaterThan(20)
  // What was acknowledged is there, and what was rotated away is gone.
  const { user } = await store.read(SCOPE, (reader) => reader.countRecords())
  expect(user).toBe((counts['changes and reads'] ?? 0) + (counts['transactions longer than a rotation'] ?? 0))
  const { rows } = await database.query('SELECT rolname AS name FROM pg_roles WHERE rolname = ANY ($1)', [
    [...logins],
  ])
  expect(rows.length).toBeLessThanOrEqual(leaseMs / ROTATE_EVERY_MS + 1)
  await store.close()
  await provider.dropDatabase(name)
}

async function insertUser(store: UserEngineStore, meanwhile: () => Promise<unknown>): Promise<void> {
  const at = '2026-01-01T00:00:00.000Z'
  const stamps = { version: 1, createdAt: at, updatedAt: at }
  const id = uuidv7()
  await store.transact(SCOPE, async (tx) => {
    await tx.users.insert({ id, kind: 'person', displayName: null, status: 'active', ...stamps })
    await tx.users.get(id)
    await meanwhile()
  })
}

function denial(): AuditRecord {
  return {
    ...{ id: uuidv7(), tenantId: null, occurredAt: '2026-01-01T00:00:00.000Z' },
    ...{
      actor: { type: 'service', id: 'rotation' },
      action: 'user.get',
      target: { type: 'user', id: uuidv7() },
    },
    ...{ outcome: 'denied', reason: null, changedFields: [], correlationId: null, causationId: null },
  }
}
