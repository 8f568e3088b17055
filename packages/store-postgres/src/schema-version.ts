// Whether this release may serve the schema it finds. The answer is looked up before the first unit of work and kept
// once it is yes: a schema that moves on while a release runs stays one that the release can live with [MIG-02, MIG-04].
// When connections were lost it is looked up again: what is there now may be a backup from before a migration.
import { type SchemaVersion, UserEngineError } from '@user-engine/store-protocol'
import type { Connection } from './connection/connection.ts'
import { defineStatement, type Row } from './connection/statement.ts'
import {
  type HistoryFinding,
  judgeHistory,
  type SchemaFacts,
  schemaFactsSql,
  toSchemaVersion,
} from './migrations/ledger.ts'
import { loadMigrations, type Migration } from './migrations/migration-files.ts'
import type { SchemaName } from './sql/schema-name.ts'

export interface SchemaGate {
  /** Whether the schema has been found fit to serve. */
  readonly isOpen: boolean
  /** The next unit of work looks again. */
  close(): void
  /** Looks at the schema. @throws UserEngineError `SCHEMA_MISMATCH` when it may not be served. */
  open(connection: Connection): Promise<void>
  /** Looks at the schema and says what it finds. */
  judge(connection: Connection): Promise<HistoryFinding>
  /** What a finding means in the contract's terms. */
  versionOf(finding: HistoryFinding): SchemaVersion
}

export function createSchemaGate(
  schema: SchemaName,
  known: readonly Migration[] = loadMigrations(),
): SchemaGate {
  return new LedgerGate(schema, known)
}

/** Whether a release may serve a schema in this state. */
export function isServable(finding: HistoryFinding): boolean {
  return finding.code === 'current' || finding.code === 'ahead-compatible'
}

class LedgerGate implements SchemaGate {
  readonly #known: readonly Migration[]
  readonly #exists
  readonly #ledger
  readonly #compatibility
  isOpen = false

  constructor(schema: SchemaName, known: readonly Migration[]) {
    const sql = schemaFactsSql(schema)
    this.#known = known
    this.#exists = defineStatement(sql.exists)
    this.#ledger = defineStatement(sql.ledger)
    this.#compatibility = defineStatement(sql.compatibility)
  }

  close(): void {
    this.isOpen = false
  }

  async open(connection: Connection): Promise<void> {
    const finding = await this.judge(connection)
    this.isOpen = isServable(finding)
    if (this.isOpen) return
    const { state, expected, found } = this.versionOf(finding)
    throw new UserEngineError('SCHEMA_MISMATCH', {
      state: state === 'current' ? 'unknown' : state,
      expected,
      found,
    })
  }

  async judge(connection: Connection): Promise<HistoryFinding> {
    const [exists] = await connection.execute([{ statement: this.#exists, values: [] }])
    const [hasLedger, hasCompatibility, hasTables, isUnreadable] = (exists?.rows[0] ?? []).map(
      (flag) => flag === 't',
    )
    const isReadable = isUnreadable === false
    const facts: SchemaFacts = {
      hasTables: hasTables === true,
      isUnreadable: !isReadable,
      ledger:
        hasLedger === true && isReadable
          ? (await this.#rows(connection, this.#ledger)).map(toLedgerEntry)
          : null,
      oldestKnownMigration:
        hasCompatibility === true && isReadable
          ? ((await this.#rows(connection, this.#compatibility))[0]?.[0] ?? null)
          : null,
    }
    return judgeHistory(this.#known, facts)
  }

  versionOf(finding: HistoryFinding): SchemaVersion {
    return toSchemaVersion(this.#known, finding)
  }

  async #rows(
    connection: Connection,
    statement: ReturnType<typeof defineStatement>,
  ): Promise<readonly Row[]> {
    const [result] = await connection.execute([{ statement, values: [] }])
    return result?.rows ?? []
  }
}

function toLedgerEntry([name, checksum, finished]: Row) {
  return { name: name ?? '', checksum: checksum ?? '', isFinished: finished === 't' }
}
