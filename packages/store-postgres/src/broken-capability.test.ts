// What a provider may get wrong, one thing at a time: readiness finds each, names it and says what to do
// [CAP-02, CAP-03, MIG-01].
import { attachLocalProvider, type LocalDatabase } from '@user-engine/provider-local'
import type { PostgresCapability } from '@user-engine/store-protocol'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createPostgresStore } from './create-postgres-store.ts'
import { migrate } from './migrations/migrate.ts'

const provider = await attachLocalProvider(inject('postgresServer'))
const TEMPLATE = `ue_capability_${process.pid}`

interface Names {
  readonly runtime: string
  readonly relay: string
  readonly owner: string
  readonly database: string
}

interface BrokenCapability {
  readonly what: string
  /** The check that fails. */
  readonly code: string
  /** What the administrator of the provider did. */
  readonly sql?: (names: Names) => string
  /** What the capability says that is not so. */
  readonly change?: (capability: PostgresCapability) => PostgresCapability
}

const BROKEN: readonly BrokenCapability[] = [
  {
    what: 'a runtime login that is a superuser',
    code: 'runtime.superuser',
    sql: ({ runtime }) => `ALTER ROLE ${runtime} SUPERUSER`,
  },
  {
    what: 'a runtime login with BYPASSRLS',
    code: 'runtime.bypasses-row-security',
    sql: ({ runtime }) => `ALTER ROLE ${runtime} BYPASSRLS`,
  },
  {
    what: 'a relay login with BYPASSRLS',
    code: 'relay.bypasses-row-security',
    sql: ({ relay }) => `ALTER ROLE ${relay} BYPASSRLS`,
  },
  {
    what: 'a runtime login that owns a table',
    code: 'runtime.owns-tables',
    sql: ({ runtime }) => `ALTER TABLE user_engine.users OWNER TO ${runtime}`,
  },
  {
    what: 'a runtime login in the role of the owner',
    code: 'runtime.member-of-owner',
    sql: ({ runtime, owner }) => `GRANT ${owner} TO ${runtime}`,
  },
  {
    what: 'a runtime login that may create in the schema',
    code: 'runtime.creates-in-schema',
    sql: ({ runtime }) => `GRANT CREATE ON SCHEMA user_engine TO ${runtime}`,
  },
  {
    what: 'a table whose owner is above row-level security',
    code: 'tenancy.enforced',
    sql: () => 'ALTER TABLE user_engine.memberships NO FORCE ROW LEVEL SECURITY',
  },
  {
    what: 'a table without row-level security',
    code: 'tenancy.enforced',
    sql: () => 'ALTER TABLE user_engine.audit_records DISABLE ROW LEVEL SECURITY',
  },
  {
    what: 'a table without a policy',
    code: 'tenancy.enforced',
    sql: () => 'DROP POLICY memberships_of_tenant ON user_engine.memberships',
  },
  {
    what: 'a tenant scope that is set for the login',
    code: 'tenancy.context-leak',
    sql: ({ runtime }) => `ALTER ROLE ${runtime} SET user_engine.scope = 'acme'`,
  },
  {
    what: 'a tenant scope that is set for the database',
    code: 'tenancy.context-leak',
    sql: ({ database }) => `ALTER DATABASE ${database} SET user_engine.scope = ' p'`,
  },
  {
    what: 'a server that acknowledges before it is durable',
    code: 'server.durability',
    sql: ({ database }) => `ALTER DATABASE ${database} SET synchronous_commit = off`,
  },
  {
    what: 'a schema that nobody migrated',
    code: 'schema.unknown',
    sql: () => 'DROP TABLE user_engine._prisma_migrations',
  },
  {
    what: 'a wrong password',
    code: 'runtime.reachable',
    change: (capability) => ({
      ...capability,
      lease: async (role) => ({ ...(await capability.lease(role)), password: 'wrong' }),
    }),
  },
  {
    what: 'an address where nothing listens',
    code: 'relay.reachable',
    change: (capability) => ({
      ...capability,
      lease: async (role) => ({ ...(await capability.lease(role)), port: 1 }),
    }),
  },
  {
    what: 'TLS that the server does not offer',
    code: 'runtime.reachable',
    change: (capability) => ({
      ...capability,
      lease: async (role) => ({
        ...(await capability.lease(role)),
        tls: { mode: 'verify-full', ca: 'none' },
      }),
    }),
  },
  {
    what: 'a lease that has ended and no newer one',
    code: 'runtime.lease-ends',
    change: (capability) => ({
      ...capability,
      lease: async (role) => ({ ...(await capability.lease(role)), expiresAt: '2020-01-01T00:00:00.000Z' }),
    }),
  },
]

beforeAll(async () => {
  const { capability } = await provider.provisionDatabase({ name: TEMPLATE })
  await migrate({ capability })
})

afterAll(async () => {
  await provider.dropDatabase(TEMPLATE)
  await provider.stop()
})

let count = 0

async function withDatabase<Result>(work: (database: LocalDatabase) => Promise<Result>): Promise<Result> {
  count += 1
  const database = await provider.provisionDatabase({ name: `${TEMPLATE}_${count}`, template: TEMPLATE })
  try {
    return await work(database)
  } finally {
    await provider.dropDatabase(database.name)
  }
}

async function checksOf(capability: PostgresCapability) {
  const store = await createPostgresStore({ capability })
  try {
    return await store.readiness()
  } finally {
    await store.close()
  }
}

test('what the provider hands over is ready', async () => {
  const { status, checks } = await withDatabase((database) => checksOf(database.capability))
  expect(checks.filter((check) => check.status !== 'pass')).toEqual([])
  expect(status).toBe('ready')
})

test.each(BROKEN)('$what is found as $code', async ({ code, sql, change }) => {
  await withDatabase(async (database) => {
    const { capability } = database
    const [runtime, relay] = [await capability.lease('runtime'), await capability.lease('relay')]
    const { roles } = await capability.describe()
    const quoted = (name: string) => pg.escapeIdentifier(name)
    const names = {
      runtime: quoted(runtime.user),
      relay: quoted(relay.user),
      owner: quoted(roles.owner),
      database: quoted(database.name),
    }
    if (sql !== undefined) await database.query(sql(names))
    const { status, checks } = await checksOf(change === undefined ? capability : change(capability))
    const found = checks.find((check) => check.code === code)
    expect(found, JSON.stringify(checks.filter((check) => check.status !== 'pass'))).toBeDefined()
    expect(found?.status).not.toBe('pass')
    expect(found?.remedy).toBeTruthy()
    expect(status).toBe(found?.status === 'warn' ? 'degraded' : 'not-ready')
    expect(JSON.stringify(checks)).not.toContain(String(runtime.password))
  })
})

test.each([
  ['a pool', new pg.Pool()],
  ['a client', new pg.Client()],
  ['a connection string', 'postgres://localhost/users'],
  ['nothing', undefined],
])('%s is no capability, and is told so in a sentence', async (_, given) => {
  await expect(createPostgresStore({ capability: given as never })).rejects.toMatchObject({
    code: 'VALIDATION',
    data: { issues: [{ path: 'capability', expected: expect.stringContaining('not a pool') }] },
  })
})
