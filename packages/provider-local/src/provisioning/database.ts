// What a platform does before a service may use its Postgres: roles, a database, a schema, and who may do what there.
import type pg from 'pg'
import { asAdministrator, identifier, identifiers } from '../administration.ts'
import { errorCode, ProviderError } from '../provider-error.ts'
import { inTurn, takeTurn } from './administer.ts'
import { type LoginTerritory, removeLoginsOf } from './logins.ts'
import { groupRoles } from './role-names.ts'

export interface DatabaseRequest {
  readonly name: string
  readonly schema: string
  readonly template: string | undefined
}

const RESERVED = ['postgres', 'template0', 'template1']
const MAX_NAME_BYTES = 63

/** @throws ProviderError `INVALID_OPTION` for a name that Postgres would cut, or that is not ours to use. */
export function assertDatabaseName(name: string): void {
  if (isUsableName(name) && !RESERVED.includes(name)) return
  throw new ProviderError(
    'INVALID_OPTION',
    `The name of the database may have 1 to ${MAX_NAME_BYTES} bytes and may not be ${RESERVED.join(', ')}.`,
  )
}

/** @throws ProviderError `INVALID_OPTION` for a name that Postgres would cut or refuse. */
export function assertSchemaName(name: string): void {
  if (isUsableName(name) && !name.startsWith('pg_')) return
  throw new ProviderError(
    'INVALID_OPTION',
    `The name of the schema may have 1 to ${MAX_NAME_BYTES} bytes and may not begin with pg_.`,
  )
}

function isUsableName(name: string): boolean {
  const bytes = Buffer.byteLength(name)
  return bytes > 0 && bytes <= MAX_NAME_BYTES && !name.includes('\0')
}

/**
 * Creates what is missing and leaves alone what is there.
 * @returns the epoch: another one after the server or the database was restored from elsewhere.
 * @throws ProviderError `INVALID_OPTION`, `TEMPLATE_IN_USE`, `NOT_PERMITTED`.
 */
export async function provisionDatabase(
  territory: LoginTerritory,
  request: DatabaseRequest,
): Promise<string> {
  const { admin } = territory
  const { name } = request
  return await inTurn(admin, name, async (client) => {
    await createGroupRoles(client, territory)
    if (!(await isThere(client, name))) await createDatabase(client, request)
    await client.query(`REVOKE ALL ON DATABASE ${identifier(name)} FROM PUBLIC`)
    await asAdministrator(admin, name, (there) => prepareSchema(there, territory, request.schema))
    return await readEpoch(client, name)
  })
}

/** Whether there is a database of this name. */
export async function databaseExists({ admin }: LoginTerritory, name: string): Promise<boolean> {
  return await asAdministrator(admin, admin.database, (client) => isThere(client, name))
}

/** Removes a database, whoever is connected to it, and all its logins. */
export async function dropDatabase(territory: LoginTerritory, name: string): Promise<void> {
  await inTurn(territory.admin, name, (client) =>
    client.query(`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`),
  )
  await removeLoginsOf(territory, name)
}

async function createGroupRoles(client: pg.Client, territory: LoginTerritory): Promise<void> {
  const groups = groupRoles(territory.rolePrefix)
  const names = Object.values(groups)
  const missing = async () => {
    const { rows } = await client.query<{ name: string }>(
      'SELECT name FROM unnest($1::text[]) AS name WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)',
      [names],
    )
    return rows
  }
  if ((await missing()).length === 0) return
  await takeTurn(client, 'group roles')
  for (const { name } of await missing()) await client.query(`CREATE ROLE ${identifier(name)} NOLOGIN`)
  // An administrator that is no superuser creates a schema for a role only as its member.
  if (!territory.facts.isSuperuser) await client.query(`GRANT ${identifier(groups.owner)} TO CURRENT_USER`)
}

async function isThere(client: pg.Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
  return rowCount === 1
}

async function createDatabase(client: pg.Client, { name, template }: DatabaseRequest): Promise<void> {
  // The same encoding and order on every server, whatever its own defaults are.
  const source =
    template === undefined
      ? `TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'`
      : `TEMPLATE ${identifier(template)}`
  try {
    await client.query(`CREATE DATABASE ${identifier(name)} ${source}`)
  } catch (cause) {
    if (template === undefined) throw cause
    switch (errorCode(cause)) {
      case '3D000':
        throw new ProviderError(
          'INVALID_OPTION',
          `There is no database ${JSON.stringify(template)} to copy.`,
          {
            cause,
          },
        )
      case '55006':
        throw new ProviderError(
          'TEMPLATE_IN_USE',
          `The database ${JSON.stringify(template)} cannot be copied while somebody is connected to it.`,
          { cause },
        )
      default:
        throw cause
    }
  }
}

async function prepareSchema(client: pg.Client, territory: LoginTerritory, schema: string): Promise<void> {
  const { owner, runtime, relay } = groupRoles(territory.rolePrefix)
  const { rows } = await client.query<{ nspname: string; owner: string }>(
    `SELECT nspname, pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname IN ('public', $1)`,
    [schema],
  )
  const existing = rows.find(({ nspname }) => nspname === schema)
  if (existing !== undefined && existing.owner !== owner) {
    throw new ProviderError(
      'INVALID_OPTION',
      `The schema ${JSON.stringify(schema)} is there and belongs to the role ${JSON.stringify(existing.owner)}: choose another schema, or make ${JSON.stringify(owner)} its owner.`,
    )
  }
  const statements = [
    `CREATE SCHEMA IF NOT EXISTS ${identifier(schema)} AUTHORIZATION ${identifier(owner)}`,
    `GRANT USAGE ON SCHEMA ${identifier(schema)} TO ${identifiers([runtime, relay])}`,
  ]
  const hasPublic = rows.some(({ nspname }) => nspname === 'public')
  if (hasPublic) statements.push('REVOKE ALL ON SCHEMA public FROM PUBLIC')
  await client.query(statements.join(';\n'))
}

async function readEpoch(client: pg.Client, name: string): Promise<string> {
  const { rows } = await client.query<{ epoch: string }>(
    // The timeline that is written now: what the last checkpoint says of it lags behind a promotion.
    `SELECT concat_ws('-', s.system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8), d.oid) AS epoch
    FROM pg_control_system() AS s, pg_database AS d
    WHERE d.datname = $1`,
    [name],
  )
  return rows[0]?.epoch ?? 'unknown'
}
