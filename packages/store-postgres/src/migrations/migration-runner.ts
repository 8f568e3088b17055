import { setTimeout as pause } from 'node:timers/promises'
import { type CapabilityDescription, UserEngineError } from '@user-engine/store-protocol'
import type pg from 'pg'
import { PACKAGE_VERSION } from '../package-info.ts'
import type { SchemaName } from '../sql/schema-name.ts'
import { accessSql, quoteIdentifier } from './access.ts'
import {
  type HistoryFinding,
  judgeHistory,
  LEDGER_TABLE,
  type SchemaFacts,
  schemaFactsSql,
  toSchemaVersion,
} from './ledger.ts'
import { assertSession } from './migration-client.ts'
import { type Migration, statementsOf } from './migration-files.ts'
import { asOwner, type OwnerLimits, patiently } from './owner-transaction.ts'

interface RunnerInput {
  readonly client: pg.Client
  readonly description: CapabilityDescription
  readonly schema: SchemaName
  readonly known: readonly Migration[]
  readonly limits: OwnerLimits
  /** A second session, for the lock of a step that runs outside of a transaction. */
  readonly anotherClient: () => Promise<pg.Client>
}

export interface MigrationRunner {
  judge(): Promise<HistoryFinding>
  /** @returns Whether it was this call that applied it. */
  applyIfPending(migration: Migration): Promise<boolean>
  grantAccess(): Promise<void>
}

export function createMigrationRunner(input: RunnerInput): MigrationRunner {
  return new LockedRunner(input)
}

class LockedRunner implements MigrationRunner {
  readonly #input: RunnerInput

  constructor(input: RunnerInput) {
    this.#input = input
  }

  async judge(): Promise<HistoryFinding> {
    const sql = schemaFactsSql(this.#input.schema)
    const [[hasLedger, hasCompatibility, hasTables, isUnreadable]] = await this.#rows<
      [boolean, boolean, boolean, boolean]
    >(sql.exists)
    const facts: SchemaFacts = {
      ...{ hasTables, isUnreadable },
      ledger:
        hasLedger && !isUnreadable
          ? (await this.#rows<[string, string, boolean]>(sql.ledger)).map(([name, checksum, isFinished]) => ({
              name,
              checksum,
              isFinished,
            }))
          : null,
      oldestKnownMigration:
        hasCompatibility && !isUnreadable
          ? ((await this.#rows<[string]>(sql.compatibility))[0]?.[0] ?? null)
          : null,
    }
    return judgeHistory(this.#input.known, facts)
  }

  async applyIfPending(migration: Migration): Promise<boolean> {
    return migration.isOutsideTransaction
      ? await this.#applyOutside(migration)
      : await this.#applyInside(migration)
  }

  async grantAccess(): Promise<void> {
    const { client, schema, description } = this.#input
    await patiently(this.#input.limits, () =>
      this.#locked(client, async () => void (await client.query(accessSql(schema, description.roles)))),
    )
  }

  async #applyInside(migration: Migration): Promise<boolean> {
    const { client } = this.#input
    return await patiently(this.#input.limits, () =>
      this.#locked(client, async () => {
        if (!(await this.#isPending(migration))) return false
        await client.query(migration.sql)
        await this.#record(migration, 'clock_timestamp()')
        return true
      }),
    )
  }

  /**
   * The ledger says that it has begun before it does, and that it has ended when it has; the lock is held by a second session,
   * in a transaction without a snapshot, which CREATE INDEX CONCURRENTLY does not wait for.
   */
  async #applyOutside(migration: Migration): Promise<boolean> {
    const { client, schema, anotherClient, limits, description } = this.#input
    const keeper = await anotherClient()
    try {
      return await this.#locked(keeper, async () => {
        if (!(await this.#isPending(migration))) return false
        assertSession(description)
        await patiently(this.#input.limits, () => this.#asOwner(client, () => this.#recordBegin(migration)))
        await client.query(`SET ROLE ${quoteIdentifier(description.roles.owner)}`)
        await client.query(`SET search_path = ${schema}, pg_temp`)
        await client.query(`SET statement_timeout = ${limits.statementTimeoutMs}`)
        // It waits for the transactions that are open, without keeping anybody from the table meanwhile.
        await client.query(`SET lock_timeout = 0`)
        try {
          for (const statement of statementsOf(migration)) await client.query(statement)
          await client.query(
            `UPDATE ${schema}.${LEDGER_TABLE} SET finished_at = clock_timestamp(), applied_steps_count = 1
             WHERE migration_name = $1 AND rolled_back_at IS NULL`,
            [migration.name],
          )
        } finally {
          await client.query('RESET ALL').catch(() => {})
          await client.query('RESET ROLE').catch(() => {})
        }
        return true
      })
    } finally {
      await keeper.end().catch(() => {})
    }
  }

  async #isPending(migration: Migration): Promise<boolean> {
    const history = await this.judge()
    if (history.code === 'current' || history.state === 'ahead') return false
    // What began outside of a transaction and did not end may be begun again: nobody else runs it, the lock is ours.
    if (history.code === 'unfinished' && migration.isOutsideTransaction)
      if (history.migrations.length === 1 && history.migrations[0] === migration.name) return true
    if (history.code === 'unfinished' && this.#isResumedLater(migration, history)) return false
    if (history.code !== 'behind') throw this.#refusal(history)
    if (!history.migrations.includes(migration.name)) return false
    if (history.found === null) await this.#input.client.query(createLedgerSql(this.#input.schema))
    return true
  }

  #isResumedLater(migration: Migration, { migrations }: HistoryFinding): boolean {
    const [unfinished] = migrations
    return (
      migrations.length === 1 &&
      unfinished !== undefined &&
      migration.name < unfinished &&
      this.#input.known.some(({ name, isOutsideTransaction }) => name === unfinished && isOutsideTransaction)
    )
  }

  async #recordBegin(migration: Migration): Promise<void> {
    const { client, schema } = this.#input
    const { rowCount } = await client.query(
      `SELECT 1 FROM ${schema}.${LEDGER_TABLE} WHERE migration_name = $1 AND checksum = $2 AND rolled_back_at IS NULL`,
      [migration.name, migration.checksum],
    )
    if (rowCount === 0) await this.#record(migration, 'NULL')
  }

  async #record(migration: Migration, finishedAt: 'clock_timestamp()' | 'NULL'): Promise<void> {
    const { client, schema } = this.#input
    await client.query(
      `INSERT INTO ${schema}.${LEDGER_TABLE} (id, checksum, migration_name, finished_at, applied_steps_count, logs)
       VALUES (gen_random_uuid()::text, $1, $2, ${finishedAt}, ${finishedAt === 'NULL' ? 0 : 1}, $3)`,
      [migration.checksum, migration.name, `user-engine ${PACKAGE_VERSION}`],
    )
  }

  /**
   * Runs work as the owner, in a transaction under the schema's own lock. A lock of the transaction, not of the
   * session: it cannot outlive a killed process or leak through a pooler.
   */
  async #locked<Result>(client: pg.Client, work: () => Promise<Result>): Promise<Result> {
    const { schema, limits } = this.#input
    const until = performance.now() + limits.statementTimeoutMs
    for (;;) {
      const outcome = await this.#asOwner(client, async () => {
        // Asked for again and again rather than waited for: who waits holds a snapshot, and a CREATE INDEX CONCURRENTLY of
        // the one who has the lock would wait for it in turn.
        // No parameters either: the portal of a query that has some keeps its snapshot until the next one.
        const { rows } = await client.query<{ held: boolean }>(
          `SELECT pg_try_advisory_xact_lock(hashtextextended('user-engine:${schema}', 0)) AS held`,
        )
        return rows[0]?.held === true ? { result: await work() } : null
      })
      if (outcome !== null) return outcome.result
      if (performance.now() > until)
        throw new UserEngineError(
          'DEADLINE_EXCEEDED',
          { timeoutMs: limits.statementTimeoutMs },
          { detail: 'Another process is migrating this schema.' },
        )
      await pause(50)
    }
  }

  #asOwner<Result>(client: pg.Client, work: () => Promise<Result>): Promise<Result> {
    return asOwner({ ...this.#input, client }, work)
  }

  async #rows<Values extends unknown[]>(text: string): Promise<[Values, ...Values[]]> {
    const { rows } = await this.#input.client.query<Values>({ text, rowMode: 'array' })
    return rows as [Values, ...Values[]]
  }

  #refusal(history: HistoryFinding): UserEngineError {
    const { state, expected, found } = toSchemaVersion(this.#input.known, history)
    const mismatch = state === 'current' ? 'unknown' : state
    return new UserEngineError(
      'SCHEMA_MISMATCH',
      { state: mismatch, expected, found },
      { detail: `History ${history.code}: ${history.migrations.join(', ')}.` },
    )
  }
}

function createLedgerSql(schema: SchemaName): string {
  return `
    CREATE TABLE IF NOT EXISTS ${schema}.${LEDGER_TABLE} (
      id varchar(36) PRIMARY KEY NOT NULL,
      checksum varchar(64) NOT NULL,
      finished_at timestamptz,
      migration_name varchar(255) NOT NULL,
      logs text,
      rolled_back_at timestamptz,
      started_at timestamptz NOT NULL DEFAULT now(),
      applied_steps_count integer NOT NULL DEFAULT 0
    )`
}
