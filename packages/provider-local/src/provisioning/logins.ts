import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { asAdministrator, identifier, identifiers, literal } from '../administration.ts'
import type { AdminConnection } from '../backends/backend.ts'
import type { LeaseRole } from '../capability.ts'
import type { ServerFacts } from '../server-facts.ts'
import { inTurn } from './administer.ts'
import {
  groupOf,
  groupRoles,
  isLoginOf,
  isLoginOfEarlierRun,
  LOGIN_ROLES,
  newLoginName,
} from './role-names.ts'
import { createScramVerifier } from './scram-verifier.ts'

/** A login with the password of this moment; kept in memory only. */
export interface Login {
  readonly name: string
  readonly password: string
}

export type Logins = Readonly<Record<LeaseRole, Login>>

/** Where logins are made: a server, its administrator, and how its roles are called. */
export interface LoginTerritory {
  readonly admin: AdminConnection
  readonly facts: ServerFacts
  readonly rolePrefix: string
}

const RIGHTS = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT'

/** Creates a new login for each role of one database. */
export async function createLogins(territory: LoginTerritory, database: string): Promise<Logins> {
  const { admin, facts, rolePrefix } = territory
  const newLogin = (role: LeaseRole): Login => ({
    name: newLoginName({ prefix: rolePrefix, role, database, serverStart: facts.startedAt }),
    password: randomBytes(24).toString('base64url'),
  })
  const logins: Logins = {
    runtime: newLogin('runtime'),
    relay: newLogin('relay'),
    migration: newLogin('migration'),
  }
  const groups = groupRoles(rolePrefix)
  const creations = LOGIN_ROLES.map((role) => {
    const { name, password } = logins[role]
    const verifier = literal(createScramVerifier(password))
    return `CREATE ROLE ${identifier(name)} ${RIGHTS} IN ROLE ${identifier(groupOf(role, groups))} PASSWORD ${verifier}`
  })
  const names = identifiers(namesOf(logins))
  const statements = [...creations, `GRANT CONNECT ON DATABASE ${identifier(database)} TO ${names}`]
  // Only a superuser or a member of a role may end its connections.
  if (!facts.isSuperuser) statements.push(`GRANT ${names} TO CURRENT_USER`)
  await inTurn(admin, database, (client) => client.query(statements.join(';\n')))
  return logins
}

export function namesOf(logins: Logins): readonly string[] {
  return LOGIN_ROLES.map((role) => logins[role].name)
}

/** Whether all of these logins are still there. */
export async function areThere(territory: LoginTerritory, logins: Logins): Promise<boolean> {
  const { admin } = territory
  return await asAdministrator(admin, admin.database, async (client) => {
    const present = await presentRoles(client, namesOf(logins))
    return present.length === LOGIN_ROLES.length
  })
}

/** Ends the connections of these logins of a database and removes them; those that are gone already are passed over. */
export async function removeLogins(
  territory: LoginTerritory,
  database: string,
  names: readonly string[],
): Promise<void> {
  const { admin, rolePrefix } = territory
  if (names.length === 0) return
  await inTurn(admin, database, async (client) => {
    const present = await presentRoles(client, names)
    if (present.length === 0) return
    for (const name of present) await client.query(`ALTER ROLE ${identifier(name)} NOLOGIN`)
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY ($1)', [
      present,
    ])
    // What a login made without acting as the owner goes to the owner, to whom it belongs.
    for (const owning of await databasesWithPossessions(client, present)) {
      await asAdministrator(admin, owning, (there) =>
        there.query(
          `REASSIGN OWNED BY ${identifiers(present)} TO ${identifier(groupRoles(rolePrefix).owner)};
          DROP OWNED BY ${identifiers(present)}`,
        ),
      )
    }
    await client.query(`DROP OWNED BY ${identifiers(present)}; DROP ROLE ${identifiers(present)}`)
  })
}

/** Removes every login of a database, whoever made it. */
export async function removeLoginsOf(territory: LoginTerritory, database: string): Promise<void> {
  const names = await allRoles(territory)
  const ofDatabase = names.filter((name) => isLoginOf(name, territory.rolePrefix, database))
  await removeLogins(territory, database, ofDatabase)
}

/** Removes the logins that earlier runs of this server left; their owners ended without doing so. */
export async function removeAbandonedLogins(territory: LoginTerritory): Promise<void> {
  const { admin, facts, rolePrefix } = territory
  const names = await allRoles(territory)
  const abandoned = names.filter((name) => isLoginOfEarlierRun(name, rolePrefix, facts.startedAt))
  if (abandoned.length === 0) return
  const databases = await asAdministrator(admin, admin.database, async (client) => {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database')
    return rows.map(({ datname }) => datname)
  })
  for (const database of databases) {
    const ofDatabase = abandoned.filter((name) => isLoginOf(name, rolePrefix, database))
    await removeLogins(territory, database, ofDatabase)
  }
  // What is left is of databases that are gone.
  await removeLogins(territory, admin.database, abandoned)
}

async function allRoles({ admin }: LoginTerritory): Promise<readonly string[]> {
  return await asAdministrator(admin, admin.database, async (client) => {
    const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles')
    return rows.map(({ rolname }) => rolname)
  })
}

async function presentRoles(client: pg.Client, names: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ rolname: string }>(
    'SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)',
    [names],
  )
  return rows.map(({ rolname }) => rolname)
}

async function databasesWithPossessions(
  client: pg.Client,
  names: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ datname: string }>(
    `SELECT DISTINCT d.datname
    FROM pg_shdepend AS s
    JOIN pg_roles AS r ON s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid
    JOIN pg_database AS d ON d.oid = s.dbid
    WHERE r.rolname = ANY ($1)`,
    [names],
  )
  return rows.map(({ datname }) => datname)
}
