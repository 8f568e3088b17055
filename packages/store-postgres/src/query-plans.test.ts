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
import { createTestDatabase } from './testing/test-database.ts'
import { createUsers } from './users.ts'

const IS_FULL = process.env['USER_ENGINE_PLANS'] === 'full'
const FILL_LIMIT_MS = IS_FULL ? 3_600_000 : 120_000
const TENANTS = IS_FULL ? 1_000 : 40
const USERS = IS_FULL ? 1_000_000 : 16_000
/** How many of each a user has. */
const OF_USER = IS_FULL
  ? { memberships: 2, globals: 1, values: 2 }
  : { memberships: 5, globals: 3, values: 10 }
const RECORDS = IS_FULL ? 2_000_000 : 200_000
const EVENTS = IS_FULL ? 1_000_000 : 100_000
/** How far they have been taken. */
const POSITION = EVENTS * 0.9
const EVENT_EVERY_MS = Math.floor((14 * 86_400_000) / EVENTS)
const BINDINGS = 500
const LIMIT = 50
const TENANT = 'tenant-7'

let database: LocalDatabase & { drop(): Promise<void> }
let client: pg.Client
let prisma: PrismaRunner

const statements = createStatements(parseSchemaName('user_engine'))

beforeAll(async () => {
  database = await createTestDatabase()
  await fill(database)
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

// Ids are `<kind>-<number>` as UUIDs, so that the queries below can name them.
const id = (kind: number, number: number) =>
  `${kind.toString(16).padStart(8, '0')}-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
const sqlId = (kind: number, number: string) =>
  `('${kind.toString(16).padStart(8, '0')}-0000-7000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`

/** Events of the coming two weeks, in every partition, and some with ids of no time. */
const eventId = (number: string) =>
  `CASE WHEN ${number} % 49 = 0 THEN ${sqlId(7, number)} ELSE
    (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint + ${number} * ${EVENT_EVERY_MS}::bigint), 12, '0')
      || '7000' || '8000' || lpad(to_hex(${number}), 12, '0'))::uuid END`

async function fill(target: LocalDatabase): Promise<void> {
  const users = USERS
  const tenant = (number: string) => `'tenant-' || (${number} % ${TENANTS})`
  const stamps = `1, now(), now()`
  const each = (count: number) => `FROM generate_series(0, ${count - 1}) n`
  for (const sql of [
    `INSERT INTO users SELECT ${sqlId(1, 'n')}, 'person', 'name ' || n, 'active', ${stamps} ${each(users)}`,
    `INSERT INTO accounts SELECT ${sqlId(2, 'n')}, ${sqlId(1, 'n')}, 'human', 'a' || n, 'active', ${stamps} ${each(users)}`,
    `INSERT INTO external_identities SELECT ${sqlId(3, 'n')}, ${sqlId(1, 'n')}, 'https://idp', 's' || n, ${stamps} ${each(users)}`,
    `INSERT INTO tenant_accounts SELECT ${tenant('n')}, ${sqlId(4, 'n')}, ${sqlId(2, 'n')}, ${sqlId(1, 'n')}, 'active', ${stamps} ${each(users)}`,
    `INSERT INTO memberships SELECT ${tenant('n')}, gen_random_uuid(), ${sqlId(4, 'n')}, 'group-' || g, 'member', NULL, NULL, ${stamps} ${each(users)}, generate_series(0, ${OF_USER.memberships - 1}) g`,
    `INSERT INTO applications SELECT ${sqlId(5, 'n')}, 'app-' || n, 'App', 'active', ${stamps} ${each(2_000)}`,
    `INSERT INTO catalogs SELECT ${sqlId(6, 'n')}, ${sqlId(5, 'n / 4')}, 'people', n % 4 + 1, 'published', '[]', '[]', ${stamps} ${each(8_000)}`,
    `INSERT INTO application_bindings SELECT ${tenant('n')}, gen_random_uuid(), ${sqlId(5, `n / ${TENANTS}`)}, ${sqlId(6, `n / ${TENANTS} * 4`)}, 'enabled', ${stamps} ${each(TENANTS * BINDINGS)}`,
    `INSERT INTO global_profile_values SELECT gen_random_uuid(), ${sqlId(1, 'n')}, 'key-' || k, '1', '{}', ${stamps} ${each(users)}, generate_series(0, ${OF_USER.globals - 1}) k`,
    `INSERT INTO tenant_profile_values SELECT ${tenant('n')}, gen_random_uuid(), ${sqlId(1, 'n')}, CASE WHEN k > ${OF_USER.values / 2} THEN ${sqlId(5, 'k')} END, 'key-' || k, '1', '{}', ${stamps} ${each(users)}, generate_series(0, ${OF_USER.values - 1}) k`,
    `INSERT INTO audit_records (tenant_id, id, occurred_at, actor_type, actor_id, action, target_type, target_id, outcome, changed_fields)
      SELECT ${tenant('n')}, gen_random_uuid(), now() - n * interval '1 second', 'user', 'u' || n / ${TENANTS} % 100, 'action-' || n / ${TENANTS} % 50, 'user', 't' || n / ${TENANTS} % 200,
        CASE WHEN n / ${TENANTS} % 4 = 0 THEN 'denied' ELSE 'allowed' END, '[]' ${each(RECORDS)}`,
    `INSERT INTO outbox_events (xid, tenant_id, id, seq, aggregate_type, aggregate_id, event)
      SELECT (1000 + n)::text::xid8, ${tenant('n')}, ${eventId('n')}, n + 1, 'user', 'u' || n % 5000, '[]' ${each(EVENTS)}`,
    `INSERT INTO outbox_deliveries (tenant_id, seq, event_id, aggregate, attempts, due_at)
      SELECT tenant_id, seq, id, seq % 5000, 1, now() + seq * interval '1 second' FROM outbox_events
      WHERE seq <= ${POSITION} AND seq / ${TENANTS} % 10 = 0`,
    `INSERT INTO outbox_dead_letters (tenant_id, seq, event_id, attempts, reason)
      SELECT tenant_id, seq, id, 5, 'r' FROM outbox_events WHERE seq <= ${POSITION} AND seq / ${TENANTS} % 10 = 1`,
    // Twenty leases of fifty events each, the newest claim at the position, and transactions that were running then.
    `INSERT INTO outbox_leases SELECT t, 'relay', now() + interval '1 hour',
        ARRAY(SELECT ${POSITION - 10_000} + t * 400 + e FROM generate_series(0, 49) e), ARRAY(SELECT generate_series(1, 50)),
        repeat('0', 50)::bit varying, 50, false, false, ${POSITION}, '{1,2,3,4,5,6,7,8}', ${POSITION - 1_000}, '{}', 0,
        ARRAY(SELECT generate_series(1, t - 1)), 1, '-infinity'
      FROM generate_series(1, 20) t`,
  ]) {
    await target.query(`SET search_path TO user_engine; ${sql}`)
  }
  await target.query('VACUUM ANALYZE')
}

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

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly 'Shared Hit Blocks'?: number
  readonly 'Shared Read Blocks'?: number
  readonly Plans?: readonly Plan[]
}

/** What a plan really read. */
interface Reading {
  readonly rowsRead: number
  /** Tables that were read as a whole. */
  readonly wholeTables: readonly string[]
  readonly indexes: readonly string[]
  /** Pages of 8 KiB, in memory or not. */
  readonly pages: number
}

/**
 * Runs a statement as a prepared one, on a server that is told of solid-state storage, and tells what its plan really read.
 */
async function explain(
  { statement, values }: StatementCall,
  { scope, planCache }: { readonly scope: string; readonly planCache: string },
): Promise<Reading> {
  const literals = values.map((value) => (value === null ? 'NULL' : pg.escapeLiteral(String(value))))
  const args = literals.length === 0 ? '' : `(${literals.join(', ')})`
  await client.query('BEGIN')
  try {
    await client.query(`SELECT set_config('user_engine.scope', $1, true)`, [scope])
    await client.query(
      `SET LOCAL plan_cache_mode = ${planCache}; SET LOCAL random_page_cost = 1.1; SET LOCAL search_path = user_engine`,
    )
    await client.query(`PREPARE listed AS ${statement.text}`)
    const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE listed${args}`)
    const plan = rows[0]['QUERY PLAN'][0].Plan as Plan
    const nodes = flatten(plan).filter((node) => node['Actual Loops'] > 0)
    const scans = nodes.filter((node) => node['Relation Name'] !== undefined)
    return {
      rowsRead: scans.reduce((sum, node) => sum + rowsOf(node), 0),
      wholeTables: scans
        .filter((node) => node['Node Type'] === 'Seq Scan')
        .map((node) => node['Relation Name'] ?? ''),
      indexes: [...new Set(nodes.flatMap((node) => node['Index Name'] ?? []))].sort(),
      pages: (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0),
    }
  } finally {
    await client.query('ROLLBACK')
    await client.query('DEALLOCATE ALL')
  }
}

function flatten(plan: Plan): readonly Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(flatten)]
}

function rowsOf(node: Plan): number {
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)
  return (node['Actual Rows'] + removed) * node['Actual Loops']
}

const page = { limit: LIMIT }
const someUser = id(1, 7)

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
      createMemberships(h, statements.memberships).listByTenantAccount({ tenantAccountId: id(4, 7), page }),
  ],
  [
    'memberships of a group',
    (h) => createMemberships(h, statements.memberships).listByGroup({ group: 'group-1', page }),
  ],
  ['applications', (h) => createApplications(h).list(page)],
  ['catalogs', (h) => createCatalogs(h).list(page)],
  [
    'versions of a catalog',
    (h) => createCatalogs(h).listVersions({ applicationId: id(5, 7), key: 'people', page }),
  ],
  ['application bindings', (h) => createApplicationBindings(h, statements.applicationBindings).list(page)],
  [
    'values of a user',
    (h) =>
      createProfileValues(h, statements.profileValues).listByUser({
        userId: someUser,
        applicationId: id(5, 7),
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
    const reading = await explain(await recordStatement(tenant, call), {
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
    const { indexes } = await explain(list, { scope: TENANT, planCache })
    expect(indexes).toEqual(['tenant_accounts_tenant_id_user_id_id_idx', 'users_pkey'])
  })
})

test('the same check finds a query without an index', async () => {
  const statement = { name: '', text: `SELECT * FROM users WHERE display_name = $1` }
  const { rowsRead, wholeTables } = await explain(
    { statement, values: ['name 7'] },
    { scope: ' p', planCache: 'force_custom_plan' },
  )
  expect(wholeTables).toEqual(['users'])
  expect(rowsRead).toBeGreaterThan(MAX_ROWS)
})

async function writeReport(): Promise<void> {
  const { rows } = await database.query(`
    SELECT current_setting('server_version') AS version, pg_size_pretty(pg_database_size(current_database())) AS size`)
  const counts = [
    [`${count(TENANTS)} tenants`, `${count(USERS)} users, accounts, identities and tenant accounts`],
    [
      `${count(USERS * OF_USER.memberships)} memberships`,
      `${count(USERS * (OF_USER.globals + OF_USER.values))} profile values`,
    ],
    [
      `${count(TENANTS * BINDINGS)} application bindings`,
      `${count(RECORDS)} audit records`,
      `${count(EVENTS)} events`,
    ],
  ].flat()
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
