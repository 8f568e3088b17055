// The ledger is Prisma's own table, so that the official tools understand what this runner did, and the other way
// round: `_prisma_migrations` in the schema, one row per migration.
import type { SchemaVersion } from '@user-engine/store-protocol'
import type { SchemaName } from '../sql/schema-name.ts'
import type { Migration } from './migration-files.ts'

export const LEDGER_TABLE = '_prisma_migrations'

export interface LedgerEntry {
  readonly name: string
  readonly checksum: string
  readonly isFinished: boolean
}

/** What is wrong with a history, or that nothing is. */
export interface HistoryFinding {
  readonly state: SchemaVersion['state']
  readonly found: string | null
  /** A stable name of the finding, for readiness and for refusals. */
  readonly code:
    | 'current'
    | 'behind'
    | 'ahead-compatible'
    | 'ahead'
    | 'unfinished'
    | 'not-granted'
    | 'edited'
    | 'missing'
    | 'foreign-tables'
  /** The migrations the finding is about. */
  readonly migrations: readonly string[]
}

export interface SchemaFacts {
  readonly ledger: readonly LedgerEntry[] | null
  /** Whether the schema holds tables although it has no ledger. */
  readonly hasTables: boolean
  /** Whether there is a ledger that this login may not read: grants are the last step of a migration run. */
  readonly isUnreadable: boolean
  /** The oldest migration a release must know to serve the schema [MIG-04]; `null` before it was recorded. */
  readonly oldestKnownMigration: string | null
}

/** Selects the facts: which tables there are and may be read, the ledger, and the compatibility mark. */
export function schemaFactsSql(schema: SchemaName): {
  readonly exists: string
  readonly ledger: string
  readonly compatibility: string
} {
  return {
    exists: `
      SELECT coalesce(bool_or(c.relname = '${LEDGER_TABLE}'), false),
        coalesce(bool_or(c.relname = 'schema_compatibility'), false), count(*) > 0,
        coalesce(bool_or(NOT has_schema_privilege(n.oid, 'USAGE') OR NOT has_table_privilege(c.oid, 'SELECT'))
          FILTER (WHERE c.relname IN ('${LEDGER_TABLE}', 'schema_compatibility')), false)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = '${schema}' AND c.relkind IN ('r', 'p')`,
    ledger: `
      SELECT migration_name, checksum, finished_at IS NOT NULL FROM ${schema}.${LEDGER_TABLE}
      WHERE rolled_back_at IS NULL ORDER BY migration_name`,
    compatibility: `SELECT oldest_known_migration FROM ${schema}.schema_compatibility`,
  }
}

/** Compares a history with the migrations of this release [MIG-02, MIG-05]. */
export function judgeHistory(known: readonly Migration[], facts: SchemaFacts): HistoryFinding {
  const { ledger, hasTables, isUnreadable, oldestKnownMigration } = facts
  if (isUnreadable) return { state: 'dirty', found: null, code: 'not-granted', migrations: [] }
  if (ledger === null) {
    return hasTables
      ? { state: 'unknown', found: null, code: 'foreign-tables', migrations: [] }
      : { state: 'behind', found: null, code: 'behind', migrations: known.map(({ name }) => name) }
  }
  const found = ledger.at(-1)?.name ?? null
  const unfinished = ledger.filter(({ isFinished }) => !isFinished)
  if (unfinished.length > 0) return finding('dirty', found, 'unfinished', unfinished)
  const edited = ledger.filter((entry) =>
    known.some((own) => own.name === entry.name && own.checksum !== entry.checksum),
  )
  if (edited.length > 0) return finding('unknown', found, 'edited', edited)
  const newestKnown = known.at(-1)?.name ?? ''
  const strangers = ledger.filter((entry) => !known.some((own) => own.name === entry.name))
  const gone = strangers.filter(({ name }) => name < newestKnown)
  if (gone.length > 0) return finding('unknown', found, 'missing', gone)
  const pending = known.filter((own) => !ledger.some((entry) => entry.name === own.name))
  // A migration that is older than one already applied was never part of this history.
  if (pending.some(({ name }) => found !== null && name < found))
    return finding('unknown', found, 'missing', pending)
  if (strangers.length > 0) {
    const isServable = oldestKnownMigration !== null && known.some(({ name }) => name >= oldestKnownMigration)
    return finding('ahead', found, isServable ? 'ahead-compatible' : 'ahead', strangers)
  }
  if (pending.length > 0) return finding('behind', found, 'behind', pending)
  return finding('current', found, 'current', [])
}

function finding(
  state: SchemaVersion['state'],
  found: string | null,
  code: HistoryFinding['code'],
  entries: readonly { readonly name: string }[],
): HistoryFinding {
  return { state, found, code, migrations: entries.map(({ name }) => name) }
}

/** The finding in the contract's terms. */
export function toSchemaVersion(
  known: readonly Migration[],
  { state, found }: HistoryFinding,
): SchemaVersion {
  return { state, expected: known.at(-1)?.name ?? '', found }
}
