// What is written at each step of the schema is read back after every later one, by SQL and by the store [MIG-04].
import { attachLocalProvider } from '@user-engine/provider-local'
import type { UserEngineStore } from '@user-engine/store-protocol'
import pg from 'pg'
import { afterAll, expect, inject, test } from 'vitest'
import { clientConfig } from '../connection/client-config.ts'
import { createPostgresStore } from '../create-postgres-store.ts'
import { parseSchemaName } from '../sql/schema-name.ts'
import { storedEvent } from '../sql/stored-event.ts'
import { migrate } from './migrate.ts'
import { loadMigrations } from './migration-files.ts'
import { createMigrationRunner } from './migration-runner.ts'

const KNOWN = loadMigrations()
const provider = await attachLocalProvider(inject('postgresServer'))
const database = await provider.provisionDatabase({ name: `ue_steps_${process.pid}` })
const { capability } = database
const clients: pg.Client[] = []

afterAll(async () => {
  for (const client of clients) await client.end()
  await provider.dropDatabase(database.name)
  await provider.stop()
})

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(await capability.lease('migration')))
  clients.push(client)
  await client.connect()
  return client
}

const ID = '01890a5d-ac96-774b-bcce-b302099a8057'
const UUID = `'${ID}'`
const STAMPS = `1, '2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678Z'`
const COMMON = 'version, created_at, updated_at'
const EVENT = storedEvent({
  ...{
    id: ID,
    tenantId: 'acme',
    aggregateType: 'user',
    aggregateId: 'u1',
    type: 'user.renamed',
    schemaVersion: 1,
  },
  ...{ occurredAt: '2026-01-02T03:04:05.678Z', correlationId: null, causationId: null, payload: {} },
})

/** What makes the row of each table, in the order of their references. */
const ROWS: { readonly [table: string]: string | null } = {
  // The release's own migrations write the compatibility mark; an upsert would hide a second one.
  schema_compatibility: null,
  epochs: `INSERT INTO epochs (epoch, server_mark) VALUES ('cluster-7', 'mark')`,
  users: `INSERT INTO users (id, kind, display_name, status, ${COMMON}) VALUES (${UUID}, 'person', 'Zoë', 'active', ${STAMPS})`,
  accounts: `INSERT INTO accounts (id, user_id, kind, status, ${COMMON}) VALUES (${UUID}, ${UUID}, 'human', 'active', ${STAMPS})`,
  external_identities: `INSERT INTO external_identities (id, user_id, issuer, subject, ${COMMON}) VALUES (${UUID}, ${UUID}, 'https://idp', 'S', ${STAMPS})`,
  applications: `INSERT INTO applications (id, key, name, status, ${COMMON}) VALUES (${UUID}, 'desk', 'Desk', 'active', ${STAMPS})`,
  catalogs: `INSERT INTO catalogs (id, application_id, key, catalog_version, status, attributes, breaking_changes, ${COMMON}) VALUES (${UUID}, ${UUID}, 'k', 1, 'draft', '[]', '[]', ${STAMPS})`,
  global_profile_values: `INSERT INTO global_profile_values (id, user_id, attribute_key, value, provenance, ${COMMON}) VALUES (${UUID}, ${UUID}, 'a', '{"x": null}', '{}', ${STAMPS})`,
  tenant_accounts: `INSERT INTO tenant_accounts (tenant_id, id, account_id, user_id, status, ${COMMON}) VALUES ('acme', ${UUID}, ${UUID}, ${UUID}, 'active', ${STAMPS})`,
  memberships: `INSERT INTO memberships (tenant_id, id, tenant_account_id, group_key, role_key, ${COMMON}) VALUES ('acme', ${UUID}, ${UUID}, 'g', 'r', ${STAMPS})`,
  application_bindings: `INSERT INTO application_bindings (tenant_id, id, application_id, catalog_id, status, ${COMMON}) VALUES ('acme', ${UUID}, ${UUID}, ${UUID}, 'enabled', ${STAMPS})`,
  tenant_profile_values: `INSERT INTO tenant_profile_values (tenant_id, id, user_id, attribute_key, value, provenance, ${COMMON}) VALUES ('acme', ${UUID}, ${UUID}, 'a', '"v"', '{}', ${STAMPS})`,
  idempotency_keys: `INSERT INTO idempotency_keys (tenant_id, key, fingerprint, result) VALUES ('acme', 'k', 'f', '1')`,
  audit_records: `INSERT INTO audit_records (tenant_id, id, occurred_at, actor_type, actor_id, action, target_type, target_id, outcome, changed_fields) VALUES ('acme', ${UUID}, now(), 'user', 'u1', 'a', 'user', 'u2', 'denied', '[]')`,
  outbox_events: `INSERT INTO outbox_events (tenant_id, id, seq, aggregate_type, aggregate_id, event) VALUES ('acme', ${UUID}, 7, 'user', 'u1', '${EVENT}')`,
  outbox_leases: `UPDATE outbox_leases SET position = 7, lowest_delivery = 7`,
  outbox_deliveries: `INSERT INTO outbox_deliveries (tenant_id, seq, event_id, aggregate, attempts, token) VALUES ('acme', 7, ${UUID}, 9, 2, 5)`,
  outbox_dead_letters: `INSERT INTO outbox_dead_letters (seq, tenant_id, event_id, attempts, reason) VALUES (6, 'acme', ${UUID}, 10, 'why')`,
}

async function tablesOf(): Promise<readonly string[]> {
  const { rows } = await database.query(
    `SELECT relname AS tablename FROM pg_class WHERE relnamespace = 'user_engine'::regnamespace
       AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> '_prisma_migrations'`,
  )
  return rows.map(({ tablename }) => String(tablename))
}

async function contentOf(tables: readonly string[]) {
  const content: Record<string, unknown[]> = {}
  for (const table of tables) {
    const { rows } = await database.query(`SELECT to_jsonb(t) AS row FROM user_engine.${table} t`)
    content[table] = rows.map(({ row }) => row)
  }
  return content
}

test('what is written at each step is read back after every later one, and by the store in the end', async () => {
  const runner = createMigrationRunner({
    client: await connect(),
    description: await capability.describe(),
    schema: parseSchemaName('user_engine'),
    known: KNOWN,
    limits: { lockTimeoutMs: 500, patienceMs: 10_000, statementTimeoutMs: 60_000 },
    anotherClient: () => connect(),
  })
  const written: Record<string, unknown[]> = {}
  const filled = new Set<string>()
  for (const migration of KNOWN) {
    expect(await runner.applyIfPending(migration)).toBe(true)
    expect(await contentOf(Object.keys(written)), migration.name).toMatchObject(written)
    const there = await tablesOf()
    for (const [table, sql] of Object.entries(ROWS)) {
      if (!there.includes(table) || filled.has(table)) continue
      if (sql !== null) await database.query(`SET search_path TO user_engine; ${sql}`)
      filled.add(table)
    }
    const { schema_compatibility: _mark, ...content } = await contentOf([...filled])
    Object.assign(written, content)
  }
  expect([...filled].sort()).toEqual([...(await tablesOf())].sort())
  expect(Object.values(written).every((rows) => rows.length === 1)).toBe(true)
  expect(await migrate({ capability })).toMatchObject({ applied: [], schemaVersion: { state: 'current' } })
  const store = await createPostgresStore({ capability })
  try {
    expect(await readBack(store)).toEqual(READ_BACK)
  } finally {
    await store.close()
  }
})

/** What the store says of {@link ROWS}. */
async function readBack(store: UserEngineStore) {
  const tenant = { tenantId: 'acme' }
  const platform = await store.read({ platform: true, reason: 'migration test' }, async (reader) => ({
    identity: (await reader.externalIdentities.resolve({ issuer: 'https://idp', subject: 'S' }))?.user.id,
    global: (await reader.profileValues.listByUser({ userId: ID })).items.map(({ value }) => value),
  }))
  const inTenant = await store.read(tenant, async (reader) => ({
    user: await reader.users.get(ID),
    account: (await reader.accounts.get(ID))?.userId,
    application: (await reader.applications.get(ID))?.key,
    catalog: (await reader.catalogs.get(ID))?.catalogVersion,
    tenantAccount: (await reader.tenantAccounts.get(ID))?.accountId,
    membership: (await reader.memberships.get(ID))?.group,
    binding: (await reader.applicationBindings.get(ID))?.catalogId,
    audit: (await reader.audit.list()).items.map(({ outcome }) => outcome),
    events: (await reader.outbox.list({ state: 'pending' })).items.map(({ attempts, event }) => [
      attempts,
      event.type,
    ]),
  }))
  const idempotency = { key: 'k', fingerprint: 'f' }
  return {
    ...platform,
    ...inTenant,
    firstResult: await store.transact(tenant, () => 'another', { idempotency }),
  }
}

const READ_BACK = {
  identity: ID,
  global: [{ x: null }],
  user: {
    id: ID,
    kind: 'person',
    displayName: 'Zoë',
    status: 'active',
    version: 1,
    createdAt: '2026-01-02T03:04:05.678Z',
    updatedAt: '2026-01-02T03:04:05.678Z',
  },
  account: ID,
  application: 'desk',
  catalog: 1,
  tenantAccount: ID,
  membership: 'g',
  binding: ID,
  audit: ['denied'],
  events: [[2, 'user.renamed']],
  firstResult: 1,
}
