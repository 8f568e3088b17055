// Facts about the server and the roles, read by readiness and diagnostics: checked, not assumed [CAP-02, CAP-03].
import { defineStatement, type StatementResult } from './connection/statement.ts'
import { type Span, spanOf } from './outbox-partitions/partition-sql.ts'
import { RowReader } from './sql/columns.ts'
import type { SchemaName } from './sql/schema-name.ts'

/** What a login may do that it should not, and what the server is. */
export interface RoleFacts {
  readonly role: string
  readonly isSuperuser: boolean
  /** Whether it has BYPASSRLS, or can become a role that is above row-level security. */
  readonly bypassesRowSecurity: boolean
  readonly ownsTables: boolean
  readonly createsInSchema: boolean
  readonly isMemberOfOwner: boolean
  /** After how long the server ends its transactions, in milliseconds; 0: not at all. */
  readonly transactionLimitMs: number
}

export interface ServerFacts {
  readonly versionNumber: number
  readonly isInRecovery: boolean
  readonly usesTls: boolean
  readonly synchronousCommit: string
  readonly fsync: boolean
  readonly timeZone: string
}

/** A table of the schema that does not enforce the tenant boundary as it should. */
export interface UnprotectedTable {
  readonly table: string
  readonly missing: 'row-security' | 'force' | 'policy'
}

const UNPROTECTED_BY_DESIGN = ['_prisma_migrations', 'schema_compatibility']

export function factStatements(s: SchemaName) {
  return {
    role: defineStatement(`
      SELECT current_user, r.rolsuper, EXISTS (SELECT 1 FROM pg_roles above
          WHERE (above.rolbypassrls OR above.rolsuper) AND pg_has_role(current_user, above.oid, 'MEMBER')),
        EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = '${s}' AND c.relowner = r.oid),
        has_schema_privilege(current_user, n.oid, 'CREATE'), pg_has_role(current_user, n.nspowner, 'MEMBER'),
        coalesce((SELECT setting::bigint FROM pg_settings WHERE name = 'transaction_timeout'), 0)
      FROM pg_roles r, pg_namespace n WHERE r.rolname = current_user AND n.nspname = '${s}'`),
    server: defineStatement(`
      SELECT current_setting('server_version_num')::integer, pg_is_in_recovery(),
        coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
        current_setting('synchronous_commit'), current_setting('fsync')::boolean, current_setting('TimeZone')`),
    unprotected: defineStatement(`
      SELECT c.relname, CASE
        WHEN NOT c.relrowsecurity THEN 'row-security'
        WHEN NOT c.relforcerowsecurity THEN 'force'
        ELSE 'policy' END
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = '${s}' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname <> ALL (ARRAY[${UNPROTECTED_BY_DESIGN.map((table) => `'${table}'`).join(', ')}])
        AND NOT (c.relrowsecurity AND c.relforcerowsecurity
          AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid))
      ORDER BY c.relname`),
    partitions: defineStatement(`
      SELECT pg_get_expr(c.relpartbound, c.oid)
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class t ON t.oid = i.inhparent
        JOIN pg_namespace n ON n.oid = t.relnamespace
      WHERE n.nspname = '${s}' AND t.relname = 'outbox_events'`),
    // Outside of any transaction of the store: a scope that is still set here has leaked.
    leakedScope: defineStatement(`SELECT coalesce(current_setting('user_engine.scope', true), '') <> ''`),
  }
}

export function readRoleFacts(result: StatementResult | undefined): RoleFacts | null {
  const row = result?.rows[0]
  if (row === undefined) return null
  const reader = new RowReader(row)
  return {
    role: reader.text(),
    isSuperuser: reader.text() === 't',
    bypassesRowSecurity: reader.text() === 't',
    ownsTables: reader.text() === 't',
    createsInSchema: reader.text() === 't',
    isMemberOfOwner: reader.text() === 't',
    transactionLimitMs: reader.number(),
  }
}

export function readServerFacts(result: StatementResult | undefined): ServerFacts {
  const reader = new RowReader(result?.rows[0] ?? [])
  return {
    versionNumber: reader.number(),
    isInRecovery: reader.text() === 't',
    usesTls: reader.text() === 't',
    synchronousCommit: reader.text(),
    fsync: reader.text() === 't',
    timeZone: reader.text(),
  }
}

/** The spans of time that have a partition of the log of events. */
export function readPartitions(result: StatementResult | undefined): readonly Span[] {
  return (result?.rows ?? []).flatMap(([bound]) => spanOf(bound ?? '') ?? [])
}

export function readUnprotectedTables(result: StatementResult | undefined): readonly UnprotectedTable[] {
  return (result?.rows ?? []).map((row) => {
    const reader = new RowReader(row)
    return { table: reader.text(), missing: reader.word<UnprotectedTable['missing']>() }
  })
}
