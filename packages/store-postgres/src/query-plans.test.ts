// Every listed query under the runtime role, row-level security on, on tables where a scan would hurt: none reads a
// whole table, and each reads its page with what the page's rows need, however much else there is [QRY-04]. The
// statements are those of the store itself, recorded from its roles. `pnpm plans` does the same with a thousand tenants and a
// million users, and writes docs/query-plans.md.
import { writeFileSync } from 'node:fs'
import type { LocalDatabase } from '@user-engine/provider-local'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAccounts } from './accounts.ts'
import { createApplicationBindings } from './application-bindings.ts'
import { createApplications } from './applications.ts'
import { createAudit } from './audit.ts'
import { createCatalogs } from './catalogs.ts'
import type { Connection } from './connection/connection.ts'
import type { StatementCall } from './connection/statement.ts'
import { createExternalIdentities } from './external-identities.ts'
import type { Handle } from './handle.ts'
import { createMemberships } from './memberships.ts'
import { createOutbox } from './outbox.ts'
import { createPrismaRunner, type PrismaRunner } from './prisma-runner.ts'
import { createProfileValues } from './profile-values.ts'
import { parseSchemaName } from './sql/schema-name.ts'
import { createStatements } from './statements.ts'
import { createTenantAccounts } from './tenant-accounts.ts'
import { explain, type Reading } from './testing/explain.ts'
import { FULL_SIZE, fillLargeDatabase, recordId, SHORT_SIZE } from './testing/large-database.ts'
import { createTestDatabase } from './testing/test-database.ts'
import { createUsers } from './users.ts'

const IS_FULL = process.env['USER_ENGINE_PLANS'] === 'full'
const FILL_LIMIT_MS = IS_FULL ? 3_600_000 : 120_000
const SIZE = IS_FULL ? FULL_SIZE : SHORT_SIZE
const LIMIT = 50
const TENANT = 'tenant-7'

let database: LocalDatabase & { drop(): Promise<void> }
let client: pg.Client
let prisma: PrismaRunner

const statements = createStatements(parseSchemaName('user_engine'))

beforeAll(async () => {
  database = await createTestDatabase()
  await fillLargeDatabase(database, SIZE)
  const { host, port, user, password } = await database.capability.lease('runtime')
  client = new pg.Client({ host, port, user, password, database: database.name })
  await client.connect()
  prisma = createPrismaRunner({ schema: parseSchemaName('user_engine'), namedStatements: false })
}, FILL_LIMIT_MS)

afterAll(async () => {
  const listed = (IN_TENANT.length + ON_PLATFORM.length) * PLANNED.length
  if (IS_FULL && seen.length === listed) await writeReport()
  await prisma.close()
  await client.end()
  await database.drop()
})

/** Calls a role once, and returns the statement that it sends. */
async function recordStatement(
  tenantId: string | null,
  call: (handle: Handle) => Promise<unknown>,
): Promise<StatementCall> {
  const calls: StatementCall[] = []
  const record: Handle['read'] = async (plan) => {
    const planned = plan()
    calls.push(planned.call)
    return planned.parse([])
  }
  const recording: Handle = {
    tenantId,
    inserted: { users: [], accounts: [] },
    read: record,
    readAppends: record,
    queryModel: async (plan) => await prisma.run(recordingConnection(calls), plan()),
    write: () => Promise.reject(new Error('a list does not write')),
    append: () => Promise.reject(new Error('a list does not append')),
    changeModel: () => Promise.reject(new Error('a list does not write')),
    isKnownPosition: () => true,
    requireTenant: () => tenantId ?? '',
    requirePlatform: () => {},
  }
  await call(recording)
  const [only, ...others] = calls
  if (only === undefined || others.length > 0) throw new Error(`the call sent ${calls.length} statements`)
  return only
}

function recordingConnection(calls: StatementCall[]): Connection {
  const query = async (config: { text: string; values: unknown[] }) => {
    calls.push({
      statement: { name: '', text: config.text },
      values: config.values.map((value) => (value === null ? null : String(value))),
    })
    return { fields: [], rows: [], rowCount: 0 }
  }
  return { client: { query } } as unknown as Connection
}

const page = { limit: LIMIT }
const someUser = recordId(1, 7)

type Listed = readonly [name: string, call: (handle: Handle) => Promise<unknown>]

const IN_TENANT: readonly Listed[] = [
  ['users', (h) => createUsers(h, statements.users).list(page)],
  [
    'accounts of a user',
    (h) => createAccounts(h, statements.accounts).listByUser({ userId: someUser, page }),
  ],
  [
    'external identities of a user',
    (h) => createExternalIdentities(h, statements.externalIdentities).listByUser({ userId: someUser, page }),
  ],
  [
    'an external identity',
    (h) =>
      createExternalIdentities(h, statements.externalIdentities).resolve({
        issuer: 'https://idp',
        subject: 's7',
      }),
  ],
  ['tenant accounts', (h) => createTenantAccounts(h, statements.tenantAccounts).list(page)],
  [
    'tenant accounts of a user',
    (h) => createTenantAccounts(h, statements.tenantAccounts).listByUser({ userId: someUser, page }),
  ],
  [
    'memberships of a tenant account',
    (h) =>
      createMemberships(h, statements.memberships).listByTenantAccount({
        tenantAccountId: recordId(4, 7),
        page,
      }),
  ],
  [
    'memberships of a group',
    (h) => createMemberships(h, statements.memberships).listByGroup({ group: 'group-1', page }),
  ],
  ['applications', (h) => createApplications(h).list(page)],
  ['catalogs', (h) => createCatalogs(h).list(page)],
  [
    'versions of a catalog',
    (h) => createCatalogs(h).listVersions({ applicationId: recordId(5, 7), key: 'people', page }),
  ],
  ['application bindings', (h) => createApplicationBindings(h, statements.applicationBindings).list(page)],
  [
    'values of a user',
    (h) =>
      createProfileValues(h, statements.profileValues).listByUser({
        userId: someUser,
        applicationId: recordId(5, 7),
        page,
      }),
  ],
  ['audit records', (h) => createAudit(h, statements.audit).list({ page })],
  [
    'audit records, newest first',
    (h) => createAudit(h, statements.audit).list({ page, order: 'newest-first' }),
  ],
  [
    'audit records of an actor',
    (h) => createAudit(h, statements.audit).list({ page, filter: { actor: { type: 'user', id: 'u7' } } }),
  ],
  [
    'audit records of a target',
    (h) => createAudit(h, statements.audit).list({ page, filter: { target: { type: 'user', id: 't7' } } }),
  ],
  [
    'audit records of an action',
    (h) => createAudit(h, statements.audit).list({ page, filter: { action: 'action-7' } }),
  ],
  [
    'denied audit records',
    (h) => createAudit(h, statements.audit).list({ page, filter: { outcome: 'denied' } }),
  ],
  ['outbox events', (h) => createOutbox(h, statements.outbox).list({ page })],
  ['pending outbox events', (h) => createOutbox(h, statements.outbox).list({ page, state: 'pending' })],
  ['delivered outbox events', (h) => createOutbox(h, statements.outbox).list({ page, state: 'delivered' })],
  ['dead outbox events', (h) => createOutbox(h, statements.outbox).list({ page, state: 'dead' })],
]

const ON_PLATFORM: readonly Listed[] = [
  ['users', (h) => createUsers(h, statements.users).list(page)],
  [
    'accounts of a user',
    (h) => createAccounts(h, statements.accounts).listByUser({ userId: someUser, page }),
  ],
  [
    'external identities of a user',
    (h) => createExternalIdentities(h, statements.externalIdentities).listByUser({ userId: someUser, page }),
  ],
  [
    'an external identity',
    (h) =>
      createExternalIdentities(h, statements.externalIdentities).resolve({
        issuer: 'https://idp',
        subject: 's7',
      }),
  ],
  [
    'tenant accounts of a user',
    (h) => createTenantAccounts(h, statements.tenantAccounts).listByUser({ userId: someUser, page }),
  ],
  [
    'values of a user',
    (h) => createProfileValues(h, statements.profileValues).listByUser({ userId: someUser, page }),
  ],
]

// A page row, the row that says whether a page follows, and for each of them what a policy or a join looks up.
const LOOKUPS_PER_ROW = 4
const MAX_ROWS = (LIMIT + 1) * LOOKUPS_PER_ROW

interface SeenReading extends Reading {
  readonly scope: 'a tenant' | 'the platform'
  readonly name: string
  readonly plans: string
}

/** Those that were as they must be. */
const seen: SeenReading[] = []

const PLANNED = [
  ['for the values', 'force_custom_plan'],
  ['once for all values', 'force_generic_plan'],
] as const

describe.each(PLANNED)('planned %s', (plans, planCache) => {
  const check = async (scope: SeenReading['scope'], [name, call]: Listed) => {
    const tenant = scope === 'a tenant' ? TENANT : null
    const reading = await explain(client, await recordStatement(tenant, call), {
      scope: tenant ?? ' p',
      planCache,
    })
    expect(reading.wholeTables).toEqual([])
    expect(reading.indexes).not.toEqual([])
    expect(reading.rowsRead).toBeGreaterThan(0)
    expect(reading.rowsRead).toBeLessThanOrEqual(MAX_ROWS)
    seen.push({ ...reading, scope, name, plans })
  }

  test.each(IN_TENANT)('a tenant lists %s at the cost of a page', (...listed) => check('a tenant', listed))

  test.each(ON_PLATFORM)('a platform scope lists %s at the cost of a page', (...listed) =>
    check('the platform', listed),
  )

  // In an index that leads with the user they would lie on as many pages as there are users.
  test('whether the users of a page are in the tenant is looked up beside where they were listed', async () => {
    const list = await recordStatement(TENANT, (h) => createUsers(h, statements.users).list(page))
    const { indexes } = await explain(client, list, { scope: TENANT, planCache })
    expect(indexes).toEqual(['tenant_accounts_tenant_id_user_id_id_idx', 'users_pkey'])
  })
})

test('the same check finds a query without an index', async () => {
  const statement = { name: '', text: `SELECT * FROM users WHERE display_name = $1` }
  const { rowsRead, wholeTables } = await explain(
    client,
    { statement, values: ['name 7'] },
    { scope: ' p', planCache: 'force_custom_plan' },
  )
  expect(wholeTables).toEqual(['users'])
  expect(rowsRead).toBeGreaterThan(MAX_ROWS)
})

async function writeReport(): Promise<void> {
  const { rows } = await database.query(`
    SELECT current_setting('server_version') AS version, pg_size_pretty(pg_database_size(current_database())) AS size`)
  const { tenants, users, ofUser, bindingsOfTenant, auditRecords, events } = SIZE
  const counts = [
    `${count(tenants)} tenants`,
    `${count(users)} users, accounts, identities and tenant accounts`,
    `${count(users * ofUser.memberships)} memberships`,
    `${count(users * (ofUser.globals + ofUser.values))} profile values`,
    `${count(tenants * bindingsOfTenant)} application bindings`,
    `${count(auditRecords)} audit records`,
    `${count(events)} events`,
  ]
  const lines = seen.map(
    ({ scope, name, plans, rowsRead, pages, indexes }) =>
      `| ${scope} | ${name} | ${plans} | ${Math.round(rowsRead)} | ${pages} | ${indexes.map((index) => `\`${index}\``).join(' ')} |`,
  )
  writeFileSync(
    new URL('../../../docs/query-plans.md', import.meta.url),
    `# Query plans

Written by \`npx --yes pnpm@12 plans\` from a run on Postgres ${rows[0]?.['version']}, ${rows[0]?.['size']}: ${counts.join(', ')}. Each listed query of the store was run as it is sent, under the
runtime role with row-level security on, for a page of ${LIMIT}: none reads a whole table, and none reads more than ${MAX_ROWS} rows, which is the page, the row after it, and what policies and
joins look up for each. Every build does the same with fewer rows ([query-plans.test.ts](../packages/store-postgres/src/query-plans.test.ts)).

Postgres may plan a statement for its values, or once for all: both are looked at. Pages are those of 8 KiB that were looked at, in memory or not.

| scope | what is listed | planned | rows read | pages | by |
| --- | --- | --- | --- | --- | --- |
${lines.join('\n')}
`,
  )
}

function count(number: number): string {
  return number.toLocaleString('en')
}
