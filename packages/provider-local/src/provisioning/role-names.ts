import { hash, randomBytes } from 'node:crypto'
import type { LeaseRole } from '../capability.ts'
import { ProviderError } from '../provider-error.ts'

/** Roles without login; the same on the whole server. */
export interface GroupRoles {
  readonly owner: string
  readonly runtime: string
  readonly relay: string
}

export const LOGIN_ROLES = ['runtime', 'relay', 'migration'] as const satisfies readonly LeaseRole[]

export const DEFAULT_ROLE_PREFIX = 'user_engine'

/** @throws ProviderError `INVALID_OPTION` for a prefix that cannot begin the name of a role. */
export function assertRolePrefix(prefix: string): void {
  if (/^(?!pg_)[a-z_][a-z0-9_]{0,19}$/.test(prefix)) return
  throw new ProviderError(
    'INVALID_OPTION',
    'The role prefix may have 1 to 20 lower-case letters, digits and underscores, and may not begin with a digit or pg_.',
  )
}

/** The group roles of one prefix. */
export function groupRoles(prefix: string): GroupRoles {
  return { owner: `${prefix}_owner`, runtime: `${prefix}_runtime`, relay: `${prefix}_relay` }
}

/** The group that a login belongs to: the migration login may do what the owner may. */
export function groupOf(role: LeaseRole, groups: GroupRoles): string {
  return role === 'migration' ? groups.owner : groups[role]
}

interface LoginNameOptions {
  readonly prefix: string
  readonly role: LeaseRole
  readonly database: string
  /** Since when the server runs, in milliseconds since 1970. */
  readonly serverStart: number
}

/**
 * A new name for a login. It says which database and which run of the server it was made for, so that logins whose
 * owner ended without removing them are found again.
 */
export function newLoginName({ prefix, role, database, serverStart }: LoginNameOptions): string {
  const unique = randomBytes(3).toString('hex')
  return `${prefix}_${role}_${databaseTag(database)}_${serverStart.toString(36)}_${unique}`
}

/** Whether a role is a login of this database. */
export function isLoginOf(name: string, prefix: string, database: string): boolean {
  return parseLoginName(name, prefix)?.database === databaseTag(database)
}

/** Whether a role is a login that was made for an earlier run of the server. */
export function isLoginOfEarlierRun(name: string, prefix: string, serverStart: number): boolean {
  const login = parseLoginName(name, prefix)
  return login !== null && login.run !== serverStart.toString(36)
}

function parseLoginName(
  name: string,
  prefix: string,
): { readonly database: string; readonly run: string } | null {
  const [, database, run] =
    new RegExp(`^${prefix}_(?:${LOGIN_ROLES.join('|')})_([0-9a-f]{12})_([0-9a-z]+)_[0-9a-f]{6}$`).exec(
      name,
    ) ?? []
  return database === undefined || run === undefined ? null : { database, run }
}

function databaseTag(database: string): string {
  return hash('sha256', database, 'hex').slice(0, 12)
}
