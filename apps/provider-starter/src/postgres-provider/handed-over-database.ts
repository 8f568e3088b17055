import { randomBytes } from 'node:crypto'
import type { LeaseRole, PostgresCapability } from '@user-engine/store-postgres'
import pg from 'pg'
import { type Administrator, asAdministrator } from './administrator.ts'

const SCHEMA = 'user_engine'

/** Roles without login, one set for the server: they outlive every credential [CAP-02]. */
const ROLES = { owner: 'acme_owner', runtime: 'acme_runtime', relay: 'acme_relay' } as const

const ROLE_OF_LEASE: { readonly [Role in LeaseRole]: string } = {
  runtime: ROLES.runtime,
  relay: ROLES.relay,
  migration: ROLES.owner,
}

/** A database that this platform made for user-engine, and what it hands over for it. */
export interface HandedOverDatabase {
  readonly name: string
  /** Plain data and functions; all that user-engine ever gets [CAP-01]. */
  readonly capability: PostgresCapability
  /** Runs SQL as the administrator; for tests that look past the store. */
  query(sql: string): Promise<pg.QueryResult>
  drop(): Promise<void>
}

/** Makes a database, empty or as a copy, with an empty schema that the owner role owns and three logins. */
export async function handOverDatabase(
  administrator: Administrator,
  { name, template = 'template1' }: { readonly name: string; readonly template?: string },
): Promise<HandedOverDatabase> {
  const logins = await asAdministrator(administrator, 'postgres', async (client) => {
    await createRoles(client)
    const id = pg.escapeIdentifier(name)
    await client.query(`CREATE DATABASE ${id} TEMPLATE ${pg.escapeIdentifier(template)}`)
    await client.query(`REVOKE ALL ON DATABASE ${id} FROM PUBLIC`)
    return await createLogins(client, name)
  })
  const epoch = await asAdministrator(administrator, name, async (client) => {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA} AUTHORIZATION ${ROLES.owner}`)
    return await readEpoch(client)
  })
  const { host, port } = administrator
  return {
    name,
    capability: {
      describe: async () => ({
        provider: { name: 'acme-platform', version: '1.0.0' },
        database: name,
        schema: SCHEMA,
        roles: ROLES,
        pooler: { mode: 'none', preparedStatements: true },
        maxConnections: { runtime: 20, relay: 8 },
        epoch,
      }),
      lease: async (role) => ({
        leaseId: logins[role].user,
        ...{ host, port, database: name, user: logins[role].user, password: logins[role].password },
        // On a loopback; anywhere else `verify-full` with the authority that signed the server [CAP-03].
        tls: { mode: 'disable' },
        expiresAt: null,
        drainMs: 5_000,
      }),
    },
    query: (sql) => asAdministrator(administrator, name, (client) => client.query(sql)),
    drop: () =>
      asAdministrator(administrator, 'postgres', async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`)
        for (const { user } of Object.values(logins)) await client.query(`DROP ROLE IF EXISTS ${user}`)
      }),
  }
}

async function createRoles(client: pg.Client): Promise<void> {
  for (const role of Object.values(ROLES)) {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role])
    if (rowCount === 0) await client.query(`CREATE ROLE ${role} NOLOGIN`)
  }
}

type Logins = { readonly [Role in LeaseRole]: { readonly user: string; readonly password: string } }

async function createLogins(client: pg.Client, database: string): Promise<Logins> {
  const create = async (role: LeaseRole) => {
    const login = { user: `${database}_${role}`, password: randomBytes(18).toString('base64url') }
    const user = pg.escapeIdentifier(login.user)
    await client.query(
      `CREATE ROLE ${user} LOGIN PASSWORD ${pg.escapeLiteral(login.password)} IN ROLE ${ROLE_OF_LEASE[role]}`,
    )
    await client.query(`GRANT CONNECT ON DATABASE ${pg.escapeIdentifier(database)} TO ${user}`)
    return login
  }
  return {
    runtime: await create('runtime'),
    relay: await create('relay'),
    migration: await create('migration'),
  }
}

// Another server, another history after a promotion, or another database under the name: another epoch [CAP-06].
async function readEpoch(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ epoch: string }>(`
    SELECT concat_ws('-', system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8),
      (SELECT oid FROM pg_database WHERE datname = current_database())) AS epoch FROM pg_control_system()`)
  const [row] = rows
  if (row === undefined) throw new TypeError('the server did not say which it is')
  return row.epoch
}
