// What the store says before it serves: ready on what was handed over well, and a typed answer to what cannot be used. What
// providers get wrong with roles, policies, servers and leases is in the proof of the conformance kit, which records what
// readiness finds of each [CAP-01, CAP-03, MIG-01].
import { attachLocalProvider, type LocalDatabase } from '@user-engine/provider-local'
import type { ConnectionLease, PostgresCapability } from '@user-engine/store-protocol'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createPostgresStore } from './create-postgres-store.ts'
import { migrate } from './migrations/migrate.ts'

const provider = await attachLocalProvider(inject('postgresServer'))
const NAME = `ue_readiness_${process.pid}`
let database: LocalDatabase

beforeAll(async () => {
  database = await provider.provisionDatabase({ name: NAME })
  await migrate({ capability: database.capability })
})

afterAll(async () => {
  await provider.dropDatabase(NAME)
  await provider.stop()
})

async function readinessOf(capability: PostgresCapability) {
  const store = await createPostgresStore({ capability })
  try {
    return await store.readiness()
  } finally {
    await store.close()
  }
}

test('what the provider hands over is ready', async () => {
  const { status, checks } = await readinessOf(database.capability)
  expect(checks.filter((check) => check.status !== 'pass')).toEqual([])
  expect(status).toBe('ready')
})

const UNUSABLE: readonly (readonly [what: string, change: object, says: RegExp])[] = [
  ['a wrong password', { password: 'wrong' }, /refused/],
  ['an address where nothing listens', { port: 1 }, /unreachable/],
  [
    'TLS that the server does not offer',
    { tls: { mode: 'verify-full', ca: '-----BEGIN CERTIFICATE-----' } },
    /runtime/,
  ],
  ['a lease without a host', { host: '' }, /refused/],
]

test.each(UNUSABLE)(
  '%s: both logins cannot be used, and nothing secret is said of it',
  async (_, change, says) => {
    const { capability } = database
    const good = await capability.lease('runtime')
    const { status, checks } = await readinessOf({
      ...capability,
      lease: async (role) => ({ ...(await capability.lease(role)), ...change }) as ConnectionLease,
    })
    expect(status).toBe('not-ready')
    for (const code of ['runtime.reachable', 'relay.reachable']) {
      const found = checks.find((check) => check.code === code)
      expect(found).toMatchObject({ status: 'fail', remedy: expect.any(String) })
    }
    expect(checks.map(({ summary }) => summary).join(' ')).toMatch(says)
    expect(JSON.stringify(checks)).not.toContain(String(good.password))
  },
)

test('a lease that is none says at which field, and no value of it', async () => {
  const { capability } = database
  const store = await createPostgresStore({
    capability: {
      ...capability,
      lease: async (role) => ({ ...(await capability.lease(role)), port: 'canary-5432' as never }),
    },
  })
  const error = await store.schemaVersion().catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'UNAVAILABLE', data: { reason: 'refused' } })
  expect(String(error)).toContain("lease('runtime').port must be a value of type number")
  expect(JSON.stringify(error)).not.toContain('canary')
  await store.close()
})

test('a schema that nobody migrated is said to be one', async () => {
  const name = `${NAME}_empty`
  const { capability } = await provider.provisionDatabase({ name })
  const { checks } = await readinessOf(capability)
  expect(checks.filter(({ code }) => code.startsWith('schema.'))).toMatchObject([
    { status: 'fail', remedy: expect.stringContaining('migrations') },
  ])
  await provider.dropDatabase(name)
})

test.each([
  ['a pool', new pg.Pool()],
  ['a client', new pg.Client()],
  ['a connection string', 'postgres://localhost/users'],
  ['nothing', undefined],
])('%s is no capability, and is told so in a sentence', async (_, given) => {
  await expect(createPostgresStore({ capability: given as never })).rejects.toMatchObject({
    code: 'VALIDATION',
    message: expect.stringContaining('hand over host, port, database, user, password and TLS as data'),
  })
})

test('a pool in the pocket of a capability, and a description that is none, are refused by their path', async () => {
  const { capability } = database
  await expect(
    createPostgresStore({ capability: Object.assign({ pool: new pg.Pool() }, capability) }),
  ).rejects.toThrow('capability.pool must be plain data')
  const describe = async () => ({
    ...(await capability.describe()),
    maxConnections: { runtime: 1, relay: 1 },
  })
  await expect(createPostgresStore({ capability: { ...capability, describe } })).rejects.toThrow(
    'describe().maxConnections.runtime must be at least 2',
  )
})
