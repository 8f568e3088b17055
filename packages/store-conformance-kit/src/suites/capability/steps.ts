// What the cases about capabilities do with sessions.
import { type ConnectionLease, LEASE_ROLES, type LeaseRole } from '@user-engine/store-protocol'
import type { CapabilityContext } from '../../capability/capability-case.ts'
import type { CapabilitySession } from '../../capability/harness.ts'

/** The roles whose logins a service works with. */
export const SERVING_ROLES = ['runtime', 'relay'] as const satisfies readonly LeaseRole[]

/** Tables that hold nobody's data: which migrations ran, and what they are compatible with. */
const BOOKKEEPING = `'_prisma_migrations', 'schema_compatibility'`

export type TextRow = Readonly<Record<string, string | null>>

/** The rows of a query whose columns are all text. */
export async function rowsOf(
  session: CapabilitySession,
  text: string,
  values: readonly (string | null)[] = [],
): Promise<readonly TextRow[]> {
  return (await session.query({ text, values })) as readonly TextRow[]
}

/** The first column of the first row of a query, which is text. */
export async function textOf(
  session: CapabilitySession,
  text: string,
  values: readonly (string | null)[] = [],
): Promise<string | null> {
  const [row = {}] = await rowsOf(session, text, values)
  return Object.values(row)[0] ?? null
}

export async function run(session: CapabilitySession, text: string): Promise<void> {
  await session.query({ text })
}

/** The code that a call is refused with, `null` when it is not. */
export async function refusalOf(call: Promise<unknown>): Promise<string | null> {
  try {
    await call
    return null
  } catch (error) {
    const code: unknown = Object(error).code
    return typeof code === 'string' ? code : 'an error without a code'
  }
}

/** Runs work in a transaction that is rolled back. */
export async function inTransaction<Result>(
  session: CapabilitySession,
  work: () => Promise<Result>,
): Promise<Result> {
  await run(session, 'BEGIN')
  try {
    return await work()
  } finally {
    await run(session, 'ROLLBACK').catch(() => {})
  }
}

/** The tenant context that a session finds; empty when there is none. */
export async function contextOf(session: CapabilitySession): Promise<string | null> {
  return await textOf(session, `SELECT coalesce(current_setting('user_engine.scope', true), '')`)
}

/** Sets a tenant context, for the transaction as a store does it, or for the whole session. */
export async function setContext(
  session: CapabilitySession,
  scope: string,
  reach: 'transaction' | 'session' = 'transaction',
): Promise<void> {
  const isLocal = reach === 'transaction'
  await session.query({ text: `SELECT set_config('user_engine.scope', $1, ${isLocal})`, values: [scope] })
}

/** The process of the server that serves a session at this moment. */
export async function serverProcessOf(session: CapabilitySession): Promise<string> {
  return (await textOf(session, 'SELECT pg_backend_pid()::text')) ?? ''
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Every table of user-engine that holds somebody's data, with facts about it that are given as SQL over `c`. */
export async function tablesOf(
  { check, manifest }: CapabilityContext,
  session: CapabilitySession,
  facts: string,
): Promise<readonly TextRow[]> {
  const rows = await rowsOf(
    session,
    `SELECT c.relname::text AS "table", ${facts}
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'f') AND c.relname NOT IN (${BOOKKEEPING}) ORDER BY c.relname`,
    [manifest.database.schema],
  )
  check.ok(rows.length > 0, 'the schema has tables; run the migrations before the suite', rows.length)
  return rows
}

/** The leases that are handed out now, by role. */
export async function leasesOf(
  context: CapabilityContext,
): Promise<readonly (readonly [LeaseRole, ConnectionLease])[]> {
  return await Promise.all(LEASE_ROLES.map(async (role) => [role, await context.lease(role)] as const))
}
