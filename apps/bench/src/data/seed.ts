// Fills a database with SQL as its administrator: what is seeded is not measured.
import type { LocalDatabase } from '@user-engine/provider-local'
import type { Catalog } from '@user-engine/store-protocol'
import {
  APPLICATION_ID,
  ATTRIBUTES,
  attributeKey,
  CATALOG_ID,
  INSTANT,
  ISSUER,
  PROFILED_USERS,
  SEEDED,
  seededIdSql,
  type WorldSize,
} from './world.ts'

const S = 'user_engine'
const T = `'${INSTANT}'`

export const PROVENANCE = {
  source: 'bench',
  actor: { type: 'service', id: 'bench' },
  catalogId: CATALOG_ID,
  catalogVersion: 1,
} as const

/** The attributes of the catalog. */
export const CATALOG: Catalog['attributes'] = Array.from({ length: ATTRIBUTES }, (_, index) => ({
  key: attributeKey(index),
  type: 'string',
  description: null,
  constraints: { maxLength: 256 },
  required: false,
  classification: 'internal',
  viewers: ['self', 'application'],
  editors: ['self', 'application'],
  levels: ['global', 'tenant', 'application'],
}))

/** Fills an empty, migrated database. */
export async function seedWorld(database: LocalDatabase, size: WorldSize): Promise<void> {
  const { users, tenants } = size
  const id = (kind: string, n = 'n::bigint') => seededIdSql(kind, n)
  const tenant = `'tenant-' || n % ${tenants}`
  const each = (count: number) => `FROM generate_series(1, ${count}) n`
  const profiled = Math.min(users, PROFILED_USERS)
  const statements = [
    `INSERT INTO ${S}.applications (id, key, name, status, version, created_at, updated_at)
     VALUES ('${APPLICATION_ID}', 'bench', 'Bench', 'active', 1, ${T}, ${T})`,
    `INSERT INTO ${S}.catalogs (id, application_id, key, catalog_version, status, attributes, breaking_changes, version, created_at, updated_at)
     VALUES ('${CATALOG_ID}', '${APPLICATION_ID}', 'profile', 1, 'published', '${JSON.stringify(CATALOG)}', '[]', 1, ${T}, ${T})`,
    `INSERT INTO ${S}.application_bindings (tenant_id, id, application_id, catalog_id, status, version, created_at, updated_at)
     SELECT 'tenant-' || n - 1, ${id(SEEDED.binding)}, '${APPLICATION_ID}', '${CATALOG_ID}', 'enabled', 1, ${T}, ${T} ${each(tenants)}`,
    `INSERT INTO ${S}.users (id, kind, display_name, status, version, created_at, updated_at)
     SELECT ${id(SEEDED.user)}, 'person', 'User ' || n, 'active', 1, ${T}, ${T} ${each(users)}`,
    `INSERT INTO ${S}.accounts (id, user_id, kind, name, status, version, created_at, updated_at)
     SELECT ${id(SEEDED.account)}, ${id(SEEDED.user)}, 'human', 'account ' || n, 'active', 1, ${T}, ${T} ${each(users)}`,
    `INSERT INTO ${S}.external_identities (id, user_id, issuer, subject, version, created_at, updated_at)
     SELECT ${id(SEEDED.identity)}, ${id(SEEDED.user)}, '${ISSUER}', 'subject-' || n, 1, ${T}, ${T} ${each(users)}`,
    `INSERT INTO ${S}.tenant_accounts (tenant_id, id, account_id, user_id, status, version, created_at, updated_at)
     SELECT ${tenant}, ${id(SEEDED.tenantAccount)}, ${id(SEEDED.account)}, ${id(SEEDED.user)}, 'active', 1, ${T}, ${T} ${each(users)}`,
    `INSERT INTO ${S}.tenant_profile_values
       (tenant_id, id, user_id, application_id, attribute_key, value, provenance, version, created_at, updated_at)
     SELECT ${tenant}, ('00000000-0000-7000-8' || to_hex(256 + a) || '-' || lpad(to_hex(n::bigint), 12, '0'))::uuid,
       ${id(SEEDED.user)}, CASE WHEN a % 2 = 0 THEN '${APPLICATION_ID}'::uuid END,
       'attribute-' || lpad(a::text, 2, '0'), to_jsonb('value ' || a), '${JSON.stringify(PROVENANCE)}', 1, ${T}, ${T}
     ${each(profiled)}, generate_series(0, ${ATTRIBUTES - 1}) a`,
  ]
  const inTurn = async () => {
    for (const statement of statements) await database.query(statement)
  }
  await Promise.all([
    inTurn(),
    size.auditRecords > 0 ? seedAudit(database, size) : null,
    size.delivered > 0
      ? seedEvents(database, size, { count: size.delivered, from: 1, pending: false })
      : null,
  ])
  await database.query('VACUUM (ANALYZE)')
  await database.query('CHECKPOINT')
}

async function seedAudit(database: LocalDatabase, size: WorldSize): Promise<void> {
  await database.query(`
    INSERT INTO ${S}.audit_records (tenant_id, id, occurred_at, actor_type, actor_id, action, target_type, target_id,
      outcome, changed_fields)
    SELECT 'tenant-' || n % ${size.tenants}, ${seededIdSql(SEEDED.audit, 'n::bigint')},
      ${T}::timestamptz - (${size.auditRecords} - n) * interval '1 second', 'service', 'bench', 'user.update', 'user',
      (${seededIdSql(SEEDED.user, `(1 + n % ${size.users})::bigint`)})::text, 'allowed', '["displayName"]'
    FROM generate_series(1, ${size.auditRecords}) n`)
}

/** Adds events, delivered or to be delivered. Five thousand aggregates take turns. */
export async function seedEvents(
  database: LocalDatabase,
  { tenants }: Pick<WorldSize, 'tenants'>,
  events: { readonly count: number; readonly from: number; readonly pending: boolean },
): Promise<void> {
  const { count, from, pending } = events
  // Positions are drawn by the table, as for the store: both append to one log.
  await database.query(`
    INSERT INTO ${S}.outbox_events (tenant_id, id, aggregate_type, aggregate_id, event)
    SELECT tenant_id, id, 'user', aggregate_id, json_build_array(id, tenant_id, 'user', aggregate_id,
      'user-engine.user.updated', 1, ${T}, NULL, NULL,
      json_build_object('userId', aggregate_id, 'version', 2, 'changedFields', json_build_array('displayName')))
    FROM (
      SELECT 'tenant-' || n % ${tenants} AS tenant_id, ${seededIdSql(SEEDED.event, 'n')} AS id,
        (${seededIdSql(SEEDED.user, '(1 + n % 5000)')})::text AS aggregate_id
      FROM generate_series(${from}::bigint, ${from + count - 1}::bigint) n) e`)
  if (!pending) {
    await database.query(`
      UPDATE ${S}.outbox_leases SET position = (SELECT max(seq) FROM ${S}.outbox_events)
      WHERE token = (SELECT max(token) FROM ${S}.outbox_leases)`)
  }
}
