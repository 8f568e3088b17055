import { randomBytes } from 'node:crypto'
import type { LeaseRole, PostgresCapability } from '@user-engine/store-postgres'
import pg from 'pg'
import { type Administrator, asAdministrator } from './administrator.ts'

/** Roles without login, one set for the server: they outlive every credential [CAP-02]. */
const ROLES = { owner: 'acme_owner', runtime: 'acme_runtime', relay: 'acme_relay' } as const

const ROLE_OF_LEASE: { readonly [Role in LeaseRole]: string } = {
  runtime: ROLES.runtime,
  relay: ROLES.relay,
  migration: ROLES.owner,
}

export interface DatabaseRequest {
  readonly name: string
  /** The schema for user-engine. Default `user_engine`. */
  readonly schema?: string
  /** A database to copy. Default: an empty one. */
  readonly template?: string
  /** How long connections with old credentials go on after a rotation, in milliseconds. Default 5,000. */
  readonly drainMs?: number
}

/** A database that this platform made for user-engine, and what it hands over for it. */
export interface HandedOverDatabase {
  readonly name: string
  /** Plain data and functions; all that user-engine ever gets [CAP-01]. */
  readonly capability: PostgresCapability
  /** New logins from now on; the old ones end after the drain window [CAP-04]. */
  rotate(): Promise<void>
  /** Runs SQL as the administrator; for tests that look past the store. */
  query(sql: string): Promise<pg.QueryResult>
  drop(): Promise<void>
}

/** Makes a database, unless it is there, with an empty schema that the owner role owns and three logins. */
export async function handOverDatabase(
  administrator: Administrator,
  { name, schema = 'user_engine', template = 'template1', drainMs = 5_000 }: DatabaseRequest,
): Promise<HandedOverDatabase> {
  const onServer = <Result>(work: (client: pg.Client) => Promise<Result>) =>
    asAdministrator(administrator, 'postgres', work)
  let logins = await onServer(async (client) => {
    await createRoles(client)
    await createDatabase(client, name, template)
    return await createLogins(client, name)
  })
  const epoch = await asAdministrator(administrator, name, async (client) => {
    await client.query(
      `CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schema)} AUTHORIZATION ${ROLES.owner}`,
    )
    return await readEpoch(client)
  })
  const { host, port } = administrator
  const draining = new Set<Logins>()
  const end = async (old: Logins) => {
    draining.delete(old)
    await asAdministrator(administrator, name, (client) => dropLogins(client, old))
  }
  return {
    name,
    capability: {
      describe: async () => ({
        provider: { name: 'acme-platform', version: '1.0.0' },
        ...{ database: name, schema, roles: ROLES, epoch },
        pooler: { mode: 'none', preparedStatements: true },
        maxConnections: { runtime: 20, relay: 8 },
      }),
      lease: async (role) => ({
        leaseId: logins[role].user,
        ...{ host, port, database: name, user: logins[role].user, password: logins[role].password },
        // On a loopback; anywhere else `verify-full` with the authority that signed the server [CAP-03].
        tls: { mode: 'disable' },
        // A platform with a secret store says when the credential ends, and hands out a newer one before.
        expiresAt: null,
        drainMs,
      }),
    },
    async rotate() {
      const old = logins
      logins = await onServer((client) => createLogins(client, name))
      draining.add(old)
      // Whoever still uses an old one by then is cut off; a server that is down has nobody to cut off.
      setTimeout(() => void end(old).catch(() => {}), drainMs).unref()
    },
    query: (sql) => asAdministrator(administrator, name, (client) => client.query(sql)),
    drop: () =>
      onServer(async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`)
        for (const each of [logins, ...draining]) await dropLogins(client, each)
      }),
  }
}

async function createRoles(client: pg.Client): Promise<void> {
  for (const role of Object.values(ROLES)) {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role])
    if (rowCount === 0) await client.query(`CREATE ROLE ${role} NOLOGIN`)
  }
}

async function createDatabase(client: pg.Client, name: string, template: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
  const id = pg.escapeIdentifier(name)
  if (rowCount === 0) await client.query(`CREATE DATABASE ${id} TEMPLATE ${pg.escapeIdentifier(template)}`)
  await client.query(`REVOKE ALL ON DATABASE ${id} FROM PUBLIC`)
}

type Logins = { readonly [Role in LeaseRole]: { readonly user: string; readonly password: string } }

async function createLogins(client: pg.Client, database: string): Promise<Logins> {
  const create = async (role: LeaseRole) => {
    const user = `${role}_${randomBytes(8).toString('hex')}`
    const login = { user, password: randomBytes(18).toString('base64url') }
    const id = pg.escapeIdentifier(user)
    await client.query(
      `CREATE ROLE ${id} LOGIN PASSWORD ${pg.escapeLiteral(login.password)} IN ROLE ${ROLE_OF_LEASE[role]}`,
    )
    await client.query(`GRANT CONNECT ON DATABASE ${pg.escapeIdentifier(database)} TO ${id}`)
    return login
  }
  return {
    runtime: await create('runtime'),
    relay: await create('relay'),
    migration: await create('migration'),
  }
}

async function dropLogins(client: pg.Client, logins: Logins): Promise<void> {
  for (const { user } of Object.values(logins)) {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [user])
    if (rowCount === 0) continue
    const id = pg.escapeIdentifier(user)
    await client.query(`ALTER ROLE ${id} NOLOGIN`)
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [user])
    await client.query(`REASSIGN OWNED BY ${id} TO ${ROLES.owner}`)
    await client.query(`DROP OWNED BY ${id}`)
    await client.query(`DROP ROLE ${id}`)
  }
}

// Another server, another history after a promotion, or another database under the name: another epoch [CAP-06].
async function readEpoch(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ epoch: string }>(`
    SELECT concat_ws('-', system_identifier, timeline_id, (SELECT oid FROM pg_database WHERE datname = current_database()))
      AS epoch FROM pg_control_system(), pg_control_checkpoint()`)
  const [row] = rows
  if (row === undefined) throw new TypeError('the server did not say which it is')
  return row.epoch
}
