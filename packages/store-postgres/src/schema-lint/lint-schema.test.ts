// Every rule of the linter, on a real schema that somebody altered in one way.
import type { LocalDatabase } from '@user-engine/provider-local'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseSchemaName } from '../sql/schema-name.ts'
import { createTestDatabase } from '../testing/test-database.ts'
import { lintSchema } from './lint-schema.ts'
import type { SchemaFinding } from './schema-query.ts'

let database: LocalDatabase & { drop(): Promise<void> }
let client: pg.Client

beforeAll(async () => {
  database = await createTestDatabase()
  const { host, port, user, password } = await database.capability.lease('migration')
  client = new pg.Client({ host, port, user, password, database: database.name })
  await client.connect()
})

afterAll(async () => {
  await client.end()
  await database.drop()
})

async function lint(): Promise<readonly SchemaFinding[]> {
  const { roles, schema } = await database.capability.describe()
  return await lintSchema({
    schema: parseSchemaName(schema),
    roles,
    query: async <Row extends object>(text: string, values: readonly unknown[]) =>
      (await client.query<Row>(text, [...values])).rows,
  })
}

/** What the linter finds after a change by the owner, which is then undone. */
async function lintAfter(change: string): Promise<readonly SchemaFinding[]> {
  const { roles } = await database.capability.describe()
  await client.query('BEGIN')
  try {
    await client.query(`SET LOCAL ROLE ${pg.escapeIdentifier(roles.owner)}`)
    await client.query('SET LOCAL search_path = user_engine')
    await client.query(change.replaceAll(':runtime', pg.escapeIdentifier(roles.runtime)))
    return await lint()
  } finally {
    await client.query('ROLLBACK')
  }
}

test('the schema of this release has nothing to find', async () => {
  expect(await lint()).toEqual([])
})

const ALTERED: readonly (readonly [code: string, object: string, change: string])[] = [
  ['boundary.row-security', 'memberships', 'ALTER TABLE memberships DISABLE ROW LEVEL SECURITY'],
  ['boundary.force', 'users', 'ALTER TABLE users NO FORCE ROW LEVEL SECURITY'],
  ['boundary.policy-missing', 'memberships', 'DROP POLICY memberships_of_tenant ON memberships'],
  [
    'boundary.row-security',
    'notes',
    'CREATE TABLE notes (tenant_id text COLLATE "C" NOT NULL, id uuid, PRIMARY KEY (tenant_id, id))',
  ],
  ['boundary.policy-open', 'memberships.leak', 'CREATE POLICY leak ON memberships FOR SELECT USING (true)'],
  [
    'boundary.policy-open',
    'memberships.leak',
    `CREATE POLICY leak ON memberships FOR SELECT USING (tenant_id = scope_tenant() OR group_key = 'all')`,
  ],
  [
    'boundary.policy-open',
    'memberships.leak',
    'CREATE POLICY leak ON memberships FOR INSERT WITH CHECK (scope_key() IS NOT NULL)',
  ],
  [
    'boundary.policy-open',
    'users.leak',
    `CREATE POLICY leak ON users FOR SELECT USING (scope_is_platform() OR kind = 'agent')`,
  ],
  [
    'boundary.policy-open',
    'memberships.leak',
    `CREATE POLICY leak ON memberships FOR SELECT USING (tenant_id = current_setting('user_engine.scope', true))`,
  ],
  [
    'boundary.policy-form',
    'users.slow',
    'CREATE POLICY slow ON users FOR SELECT USING (EXISTS (SELECT 1 FROM tenant_accounts t WHERE t.tenant_id = scope_tenant() AND t.user_id = users.id))',
  ],
  ['boundary.operator', 'users_name_idx', 'CREATE INDEX users_name_idx ON users (lower(display_name))'],
  [
    'boundary.operator',
    'users_shade_idx',
    `CREATE TYPE shade AS ENUM ('a', 'b'); ALTER TABLE users ADD shade shade; CREATE INDEX users_shade_idx ON users (shade)`,
  ],
  [
    'boundary.definer-function',
    'user_engine.peek',
    `CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER RETURN (SELECT count(*) FROM users)`,
  ],
  ['boundary.view', 'user_engine.everyone', 'CREATE VIEW everyone AS SELECT id FROM users'],
  ['boundary.view', 'user_engine.copy', 'CREATE MATERIALIZED VIEW copy AS SELECT id FROM users'],
  [
    'boundary.trigger',
    'users.spy',
    `CREATE FUNCTION spy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
     CREATE TRIGGER spy BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION spy()`,
  ],
  [
    'boundary.rule',
    'users.copy',
    'CREATE TABLE copies (id uuid); CREATE RULE copy AS ON INSERT TO users DO ALSO INSERT INTO copies VALUES (NEW.id)',
  ],
  [
    'audit.append-only',
    'audit_records.audit_records_append_only',
    'ALTER TABLE audit_records DISABLE TRIGGER audit_records_append_only',
  ],
  [
    'audit.append-only',
    'audit_records.audit_records_no_truncate',
    'DROP TRIGGER audit_records_no_truncate ON audit_records',
  ],
  ['sharding.key', 'memberships.by_group', 'CREATE UNIQUE INDEX by_group ON memberships (group_key, id)'],
  [
    'sharding.key',
    'outbox_deliveries.by_seq',
    'ALTER TABLE outbox_deliveries ADD CONSTRAINT by_seq UNIQUE (seq)',
  ],
  [
    'sharding.reference',
    'outbox_deliveries.of_binding',
    `ALTER TABLE application_bindings ADD CONSTRAINT one UNIQUE (tenant_id, application_id, id), ADD CONSTRAINT two UNIQUE (id);
     ALTER TABLE outbox_deliveries ADD CONSTRAINT of_binding FOREIGN KEY (event_id) REFERENCES application_bindings (id)`,
  ],
  [
    'sharding.reference-to-platform',
    'tenant_accounts.of_user',
    'ALTER TABLE tenant_accounts ADD CONSTRAINT of_user FOREIGN KEY (user_id) REFERENCES users (id)',
  ],
  [
    'sharding.reference-to-tenant',
    'users.home',
    `ALTER TABLE users ADD home text COLLATE "C", ADD home_id uuid,
       ADD CONSTRAINT home FOREIGN KEY (home, home_id) REFERENCES tenant_accounts (tenant_id, id)`,
  ],
  [
    'sharding.tenant-column',
    'outbox_deliveries.tenant_id',
    'ALTER TABLE outbox_deliveries DROP CONSTRAINT outbox_deliveries_pkey; ALTER TABLE outbox_deliveries ALTER tenant_id DROP NOT NULL',
  ],
  [
    'schema.unchecked-constraint',
    'users.named',
    `ALTER TABLE users ADD CONSTRAINT named CHECK (display_name <> '') NOT VALID`,
  ],
  ['access.missing', 'users', 'REVOKE UPDATE ON users FROM :runtime'],
  ['access.surplus', 'audit_records', 'GRANT DELETE ON audit_records TO :runtime'],
  ['access.surplus', 'users', 'GRANT SELECT (display_name) ON users TO PUBLIC'],
]

test.each(ALTERED)('%s on %s is found after: %s', async (code, object, change) => {
  const findings = await lintAfter(change)
  expect(findings).toContainEqual(expect.objectContaining({ code, object }))
  for (const { summary, remedy } of findings) {
    expect(summary).toBeTruthy()
    expect(remedy).toBeTruthy()
  }
})

// What the owner cannot do, the administrator of the server can.
async function lintWhile(change: string, undo: string): Promise<readonly SchemaFinding[]> {
  await database.query(change)
  try {
    return await lint()
  } finally {
    await database.query(undo)
  }
}

test('a function that claims to be leakproof is found', async () => {
  const name = 'user_engine.scope_key()'
  const findings = await lintWhile(`ALTER FUNCTION ${name} LEAKPROOF`, `ALTER FUNCTION ${name} NOT LEAKPROOF`)
  expect(findings.map(({ code }) => code)).toEqual(['boundary.leakproof-function'])
})

test('an object of another owner is found', async () => {
  const findings = await lintWhile(
    'CREATE TABLE user_engine.theirs (id integer)',
    'DROP TABLE user_engine.theirs',
  )
  expect(findings).toContainEqual(expect.objectContaining({ code: 'schema.owner', object: 'theirs' }))
})

test('an index that was cut off half-way is found', async () => {
  await database.query(
    `INSERT INTO user_engine.users SELECT gen_random_uuid(), 'person', 'same', 'active', 1, now(), now() FROM generate_series(1, 2)`,
  )
  const making = 'CREATE UNIQUE INDEX CONCURRENTLY users_once ON user_engine.users (display_name)'
  await expect(database.query(making)).rejects.toMatchObject({ code: '23505' })
  const findings = await lintWhile('SELECT 1', 'DROP INDEX user_engine.users_once')
  expect(findings).toContainEqual(
    expect.objectContaining({ code: 'schema.invalid-index', object: 'users_once' }),
  )
})
