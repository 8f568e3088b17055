// A provider that names a new epoch, on a real database: who notices when, and what becomes of the leases that were out.
import { attachLocalProvider, type LocalDatabase } from '@user-engine/provider-local'
import type { OutboxLease, PostgresCapability, UserEngineStore } from '@user-engine/store-protocol'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest'
import { createPostgresStore } from '../create-postgres-store.ts'
import { createTestDatabase } from '../testing/test-database.ts'

const PLATFORM = { platform: true, reason: 'epoch test' } as const
const CLAIM = { consumer: 'relay-1', limit: 10, leaseMs: 60_000 }

let database: LocalDatabase & { drop(): Promise<void> }
const stores: UserEngineStore[] = []

beforeEach(async () => {
  database = await createTestDatabase()
})

afterEach(async () => {
  vi.restoreAllMocks()
  for (const store of stores.splice(0)) await store.close()
  await database.drop()
})

/** The capability of a provider that names the epoch it is told to, or does not answer. */
function providerNaming(first: string) {
  let epoch: string | null = first
  const capability: PostgresCapability = {
    describe: async () => {
      if (epoch === null) throw new Error('the provider is down')
      return { ...(await database.capability.describe()), epoch }
    },
    lease: (role) => database.capability.lease(role),
  }
  return {
    capability,
    names: (next: string | null) => {
      epoch = next
    },
  }
}

async function open(capability: PostgresCapability): Promise<UserEngineStore> {
  const store = await createPostgresStore({ capability })
  stores.push(store)
  return store
}

async function appendEvents(store: UserEngineStore, count: number): Promise<void> {
  await store.transact(PLATFORM, async (tx) => {
    for (let number = 0; number < count; number += 1) {
      await tx.outbox.append({
        id: uuidv7(),
        tenantId: null,
        aggregateType: 'user',
        aggregateId: `u${number}`,
        type: 'user.created',
        schemaVersion: 1,
        payload: {},
        occurredAt: '2026-01-01T00:00:00.000Z',
        correlationId: null,
        causationId: null,
      })
    }
  })
}

const idsOf = ({ deliveries }: OutboxLease) => deliveries.map(({ event }) => event.id)

/** What a restore and a failover do to every connection. */
async function loseConnections(): Promise<void> {
  await database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'user-engine %' AND pid <> pg_backend_pid()`,
  )
}

const checkOf = async (store: UserEngineStore) =>
  (await store.readiness()).checks.find(({ code }) => code.startsWith('epoch.'))

test('within one epoch a lease outlives lost connections, and another process honours it', async () => {
  const { capability } = providerNaming('one')
  const store = await open(capability)
  await appendEvents(store, 2)
  const lease = await store.outbox.claim(CLAIM)
  await loseConnections()
  const [first, second] = idsOf(lease)
  await expect
    .poll(() => store.outbox.ack({ token: lease.token, eventIds: [first ?? ''] }).then(() => 'acked', String))
    .toBe('acked')
  await (await open(capability)).outbox.ack({ token: lease.token, eventIds: [second ?? ''] })
  expect(await store.outbox.stats()).toMatchObject({ pending: 0, leased: 0 })
})

test.each(['ack', 'extend', 'nack', 'release', 'deadLetter'] as const)(
  'after connections were lost the store asks, and a lease of the old epoch is dead: %s',
  async (method) => {
    const { capability, names } = providerNaming('one')
    const store = await open(capability)
    await appendEvents(store, 3)
    const old = await store.outbox.claim(CLAIM)
    expect(old.deliveries).toHaveLength(3)
    names('two')
    await loseConnections()
    const request = {
      token: old.token,
      eventIds: idsOf(old),
      leaseMs: 1_000,
      reason: 'late',
      retryAfterMs: 0,
    }
    const call = () => {
      const { token, eventIds, leaseMs, reason, retryAfterMs } = request
      if (method === 'ack') return store.outbox.ack({ token, eventIds })
      if (method === 'extend') return store.outbox.extend({ token, eventIds, leaseMs })
      if (method === 'nack') return store.outbox.nack({ token, eventIds, reason, retryAfterMs })
      if (method === 'release') return store.outbox.release({ token, eventIds })
      return store.outbox.deadLetter({ token, eventIds, reason })
    }
    // The first attempt may meet a connection that is gone.
    await expect
      .poll(() =>
        call().then(
          () => 'accepted',
          (error) => error.code,
        ),
      )
      .toBe('STALE_LEASE')
    const again = await store.outbox.claim(CLAIM)
    expect(idsOf(again)).toEqual(idsOf(old))
    expect(again.deliveries.map(({ attempt }) => attempt)).toEqual([2, 2, 2])
    expect(again.token).toBeGreaterThan(old.token)
    await store.outbox.ack({ token: again.token, eventIds: idsOf(again) })
    expect(await store.outbox.stats()).toMatchObject({ pending: 0, leased: 0, dead: 0 })
  },
)

test('a process that starts in the new epoch ends the leases of the one before', async () => {
  const before = await open(providerNaming('one').capability)
  await appendEvents(before, 1)
  const old = await before.outbox.claim(CLAIM)
  const after = await open(providerNaming('two').capability)
  const again = await after.outbox.claim(CLAIM)
  expect(idsOf(again)).toEqual(idsOf(old))
  await expect(after.outbox.ack({ token: old.token, eventIds: idsOf(old) })).rejects.toMatchObject({
    code: 'STALE_LEASE',
  })
})

test('tokens of the new epoch are above those that a lost timeline drew', async () => {
  const one = await open(providerNaming('one').capability)
  await appendEvents(one, 1)
  const { token } = await one.outbox.claim(CLAIM)
  const lost: number[] = []
  for (let count = 0; count < 20; count += 1) lost.push((await one.outbox.claim(CLAIM)).token)
  expect(Math.max(...lost)).toBeGreaterThan(token)
  // What a restored database knows of them.
  await database.query(`SELECT setval('user_engine.outbox_tokens', ${token})`)
  const two = await open(providerNaming('two').capability)
  const after = await two.outbox.claim(CLAIM)
  expect(after.token).toBeGreaterThan(Math.max(...lost))
  expect(Number.isSafeInteger(after.token)).toBe(true)
  for (const stale of lost) {
    await expect(two.outbox.ack({ token: stale, eventIds: idsOf(after) })).rejects.toMatchObject({
      code: 'STALE_LEASE',
    })
  }
})

test('nothing that waits for its retry, is dead, or was settled comes back', async () => {
  const one = await open(providerNaming('one').capability)
  await appendEvents(one, 4)
  const { token, deliveries } = await one.outbox.claim(CLAIM)
  const [waiting = '', dead = '', settled = '', leased = ''] = deliveries.map(({ event }) => event.id)
  await one.outbox.nack({ token, eventIds: [waiting], reason: 'later', retryAfterMs: 3_600_000 })
  await one.outbox.deadLetter({ token, eventIds: [dead], reason: 'poison' })
  await one.outbox.ack({ token, eventIds: [settled] })
  const two = await open(providerNaming('two').capability)
  expect(idsOf(await two.outbox.claim(CLAIM))).toEqual([leased])
  expect(await two.outbox.stats()).toMatchObject({ pending: 1, leased: 1, dead: 1 })
})

test('whoever names an epoch that the data has left neither gives nor takes a lease, until it is told', async () => {
  const { capability, names } = providerNaming('one')
  const behind = await open(capability)
  await appendEvents(behind, 1)
  await behind.outbox.claim(CLAIM)
  const ahead = await open(providerNaming('two').capability)
  const lease = await ahead.outbox.claim(CLAIM)
  await loseConnections()
  const superseded = { code: 'UNAVAILABLE', data: { reason: 'superseded' } }
  await expect
    .poll(() =>
      behind.outbox.claim(CLAIM).then(
        () => 'claimed',
        ({ code, data }) => ({ code, data }),
      ),
    )
    .toEqual(superseded)
  const settle = { token: lease.token, eventIds: idsOf(lease) }
  await expect(behind.outbox.ack(settle)).rejects.toMatchObject(superseded)
  expect(await checkOf(behind)).toMatchObject({ code: 'epoch.superseded', status: 'fail' })
  expect((await behind.diagnostics()).facts).toMatchObject({ epoch: 'one', dataEpoch: 'two' })
  names('two')
  await behind.outbox.ack(settle)
  expect(await checkOf(behind)).toMatchObject({ code: 'epoch.current', status: 'pass' })
})

test('a call that waits for a connection while the database is replaced is one of the new epoch', async () => {
  const { capability, names } = providerNaming('one')
  let leased = database.capability
  const store = await createPostgresStore({
    capability: { ...capability, lease: (role) => leased.lease(role) },
    maxRelayConnections: 1,
  })
  stores.push(store)
  await appendEvents(store, 1)
  const old = await store.outbox.claim(CLAIM)
  // What the provider will restore: it believes in the lease. Nobody may be connected to what is copied.
  await loseConnections()
  const provider = await attachLocalProvider(inject('postgresServer'))
  const restored = await provider.provisionDatabase({
    name: `${database.name}_restored`,
    template: database.name,
  })
  await store.outbox.extend({ token: old.token, eventIds: idsOf(old), leaseMs: 60_000 })

  // The only connection is busy, and whoever comes now has to wait for it.
  const { host, port, user, password } = await database.capability.lease('migration')
  const locker = new pg.Client({ host, port, user, password, database: database.name })
  await locker.connect()
  await locker.query('SET ROLE user_engine_owner; BEGIN; LOCK user_engine.outbox_dead_letters')
  const busy = store.outbox.listDeadLetters().catch(({ code }) => code)
  const late = store.outbox.ack({ token: old.token, eventIds: idsOf(old) }).then(
    () => 'acknowledged',
    ({ code }) => code,
  )
  const isBusy = `SELECT count(*)::int AS waiting FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'user-engine relay' AND wait_event_type = 'Lock'`
  await expect.poll(async () => (await database.query(isBusy)).rows).toEqual([{ waiting: 1 }])
  names('two')
  leased = restored.capability
  await loseConnections()
  expect(await busy).toBe('UNAVAILABLE')
  expect(await late).toBe('STALE_LEASE')
  await locker.end()
  await store.close()
  await provider.dropDatabase(restored.name)
})

test('a new epoch that no lost connection announces is noticed after a while', async () => {
  const { capability, names } = providerNaming('one')
  const store = await open(capability)
  await appendEvents(store, 1)
  const old = await store.outbox.claim(CLAIM)
  names('two')
  const now = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => now() + 10_000)
  await expect(store.outbox.ack({ token: old.token, eventIds: idsOf(old) })).rejects.toMatchObject({
    code: 'STALE_LEASE',
  })
})

test('a provider that does not answer stops nobody without a reason to doubt, and everybody with one', async () => {
  const { capability, names } = providerNaming('one')
  const store = await open(capability)
  await appendEvents(store, 1)
  await store.outbox.claim(CLAIM)
  names(null)
  const now = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => now() + 10_000)
  await store.outbox.claim(CLAIM)
  await loseConnections()
  const refused = { code: 'UNAVAILABLE', data: { reason: 'refused' } }
  await expect
    .poll(() =>
      store.outbox.claim(CLAIM).then(
        () => 'claimed',
        ({ code, data }) => ({ code, data }),
      ),
    )
    .toEqual(refused)
  await expect.poll(() => checkOf(store)).toMatchObject({ code: 'epoch.unknown', status: 'warn' })
  names('one')
  await store.outbox.claim(CLAIM)
})

test('readiness tells a new epoch before anybody adopts it, and one that should have changed', async () => {
  const { capability, names } = providerNaming('one')
  const store = await open(capability)
  expect(await checkOf(store)).toMatchObject({ code: 'epoch.current', status: 'pass' })
  await store.outbox.claim(CLAIM)
  names('two')
  expect(await checkOf(store)).toMatchObject({ code: 'epoch.pending', status: 'warn' })
  expect((await store.diagnostics()).facts).toMatchObject({ epoch: 'two', dataEpoch: 'one' })
  await (await open(capability)).outbox.claim(CLAIM)
  expect(await checkOf(store)).toMatchObject({ code: 'epoch.current', status: 'pass' })
  await database.query(`UPDATE user_engine.epochs SET server_mark = '1-00000001-5' WHERE epoch = 'two'`)
  expect(await checkOf(store)).toMatchObject({ code: 'epoch.unchanged', status: 'warn' })
})

test('what was found of the schema is looked at again when connections were lost: it may be a backup', async () => {
  const store = await open(providerNaming('one').capability)
  await appendEvents(store, 1)
  await database.query('DROP TABLE user_engine._prisma_migrations')
  await appendEvents(store, 1)
  await loseConnections()
  await expect
    .poll(() =>
      appendEvents(store, 1).then(
        () => 'served',
        ({ code }) => code,
      ),
    )
    .toBe('SCHEMA_MISMATCH')
})
