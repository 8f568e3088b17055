// What a platform does before a service may use its Postgres: roles, a database, a schema, and who may do what.
import { createHash, createHmac } from 'node:crypto'
import type pg from 'pg'
import { asAdministrator, identifier, literal } from './administration.ts'
import type { AdminConnection } from './backends/backend.ts'
import type { LeaseRole } from './capability.ts'

/** Roles without login; the same on the whole server. */
export interface GroupRoles {
  readonly owner: string
  readonly runtime: string
  readonly relay: string
}

export const GROUP_ROLES: GroupRoles = {
  owner: 'user_engine_owner',
  runtime: 'user_engine_runtime',
  relay: 'user_engine_relay',
}

/** A login with its password, which is derived and nowhere stored. */
export interface Login {
  readonly name: string
  readonly password: string
}

export type Logins = Readonly<Record<LeaseRole, Login>>

const GROUP_OF: Readonly<Record<LeaseRole, keyof GroupRoles>> = {
  migration: 'owner',
  runtime: 'runtime',
  relay: 'relay',
}

// Roles are the server's, not a database's: who provisions at the same time takes turns.
const TAKE_TURN = `SELECT pg_advisory_xact_lock(hashtextextended('user-engine provider', 0))`

/** Creates what is missing and leaves alone what is there. */
export async function provisionDatabase(
  admin: AdminConnection,
  options: { readonly name: string; readonly schema: string; readonly template: string | undefined },
): Promise<void> {
  const { name, schema, template } = options
  await asAdministrator(admin, admin.database, async (client) => {
    await inTurn(client, () => createGroupRoles(client))
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
    if (rowCount === 0) {
      const copied = template === undefined ? '' : ` TEMPLATE ${identifier(template)}`
      await client.query(`CREATE DATABASE ${identifier(name)}${copied}`).catch((error: unknown) => {
        // Another process was quicker.
        if (!(error instanceof Error && 'code' in error && error.code === '42P04')) throw error
      })
    }
    await client.query(`REVOKE ALL ON DATABASE ${identifier(name)} FROM PUBLIC`)
  })
  await asAdministrator(admin, name, async (client) => {
    await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC')
    await client.query(
      `CREATE SCHEMA IF NOT EXISTS ${identifier(schema)} AUTHORIZATION ${identifier(GROUP_ROLES.owner)}`,
    )
    await client.query(
      `GRANT USAGE ON SCHEMA ${identifier(schema)} TO ${identifier(GROUP_ROLES.runtime)}, ${identifier(GROUP_ROLES.relay)}`,
    )
  })
}

async function createGroupRoles(client: pg.Client): Promise<void> {
  for (const role of Object.values(GROUP_ROLES)) {
    const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role])
    if (rowCount === 0) await client.query(`CREATE ROLE ${identifier(role)} NOLOGIN`)
  }
  // An administrator that is no superuser creates a schema for a role only as its member.
  await client.query(`GRANT ${identifier(GROUP_ROLES.owner)} TO CURRENT_USER`)
}

/** Creates a login for each role of one database; a generation after the first has names of its own. */
export async function createLogins(
  admin: AdminConnection,
  database: string,
  generation: number,
): Promise<Logins> {
  const prefix = `ue_${createHash('sha256').update(database).digest('hex').slice(0, 12)}`
  // Derived from the administrator's secret: another process on the same server arrives at the same password, and
  // does not lock this one out by setting its own.
  const loginFor = (role: LeaseRole): Login => {
    const name = `${prefix}_${role}_${generation}`
    return { name, password: createHmac('sha256', admin.password).update(name).digest('base64url') }
  }
  const logins: Logins = {
    runtime: loginFor('runtime'),
    relay: loginFor('relay'),
    migration: loginFor('migration'),
  }
  await asAdministrator(admin, admin.database, async (client) => {
    await inTurn(client, async () => {
      for (const role of ['runtime', 'relay', 'migration'] as const) {
        const group = GROUP_ROLES[GROUP_OF[role]]
        await createLogin(client, { login: logins[role], group, database })
      }
    })
  })
  return logins
}

async function createLogin(
  client: pg.Client,
  { login, group, database }: { readonly login: Login; readonly group: string; readonly database: string },
): Promise<void> {
  const name = identifier(login.name)
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [login.name])
  const verb = rowCount === 0 ? 'CREATE' : 'ALTER'
  await client.query(
    `${verb} ROLE ${name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS INHERIT PASSWORD ${literal(login.password)}`,
  )
  await client.query(`GRANT ${identifier(group)} TO ${name}`)
  await client.query(`GRANT CONNECT ON DATABASE ${identifier(database)} TO ${name}`)
}

/** Ends the connections of these logins and removes them. */
export async function dropLogins(admin: AdminConnection, database: string, logins: Logins): Promise<void> {
  await asAdministrator(admin, admin.database, async (client) => {
    for (const { name } of Object.values(logins)) {
      await client.query(`ALTER ROLE ${identifier(name)} NOLOGIN`)
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [name])
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database])
      if (rowCount !== 0)
        await client.query(`REVOKE ALL ON DATABASE ${identifier(database)} FROM ${identifier(name)}`)
      await client.query(`DROP ROLE ${identifier(name)}`)
    }
  })
}

async function inTurn(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(TAKE_TURN)
    await work()
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}
