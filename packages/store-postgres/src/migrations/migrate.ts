// Applies the migrations of this release, each in a transaction of its own that holds the migration lock of the
// schema: of many processes that start at once one applies, the others find it done [MIG-03].
import { isUserEngineError, type SchemaVersion, UserEngineError } from '@user-engine/store-protocol'
import pg from 'pg'
import type {
  CapabilityDescription,
  ConnectionLease,
  PostgresCapability,
} from '../capability/postgres-capability.ts'
import { clientConfig } from '../connection/client-config.ts'
import { mapConnectError, mapError } from '../connection/map-error.ts'
import { PACKAGE_VERSION } from '../package-info.ts'
import { parseSchemaName, type SchemaName } from '../sql/schema-name.ts'
import { accessSql, quoteIdentifier } from './access.ts'
import {
  type HistoryFinding,
  judgeHistory,
  LEDGER_TABLE,
  type SchemaFacts,
  schemaFactsSql,
} from './ledger.ts'
import { loadMigrations, type Migration } from './migration-files.ts'

export interface MigrateOptions {
  readonly capability: PostgresCapability
  /** How long a migration may wait for the locks of others before it gives up, in milliseconds. Default 5,000. */
  readonly lockTimeoutMs?: number
  /** How long one statement of a migration may run, in milliseconds. Default 300,000. */
  readonly statementTimeoutMs?: number
  /** Called with the name of each migration that has been applied. */
  readonly onApplied?: (name: string) => void
}

export interface MigrationReport {
  /** The migrations this call applied, in order; empty when another process had done it or nothing was pending. */
  readonly applied: readonly string[]
  readonly schemaVersion: SchemaVersion
}

/**
 * Brings the schema to the version of this release.
 * @throws UserEngineError `SCHEMA_MISMATCH` for an edited, missing or unfinished history, in which case nothing runs
 * [MIG-05]; `UNAVAILABLE`; `INTERNAL` with the SQLSTATE when a migration fails, in which case nothing of it remains.
 */
export async function migrate(options: MigrateOptions): Promise<MigrationReport> {
  const known = loadMigrations()
  return await withMigrationClient(options.capability, async (client, description) => {
    const runner = new MigrationRunner({ client, description, known, options })
    const applied: string[] = []
    for (const migration of known) {
      if (!(await runner.applyIfPending(migration))) continue
      applied.push(migration.name)
      options.onApplied?.(migration.name)
    }
    await runner.grantAccess()
    return { applied, schemaVersion: toSchemaVersion(known, await runner.judge()) }
  })
}

/** Reads where the schema stands, with the migration login. @throws UserEngineError `UNAVAILABLE`. */
export async function migrationStatus(options: {
  readonly capability: PostgresCapability
}): Promise<
  SchemaVersion & { readonly code: HistoryFinding['code']; readonly migrations: readonly string[] }
> {
  const known = loadMigrations()
  return await withMigrationClient(options.capability, async (client, description) => {
    const runner = new MigrationRunner({ client, description, known })
    const { code, migrations, ...judged } = await runner.judge()
    return { ...toSchemaVersion(known, { code, migrations, ...judged }), code, migrations }
  })
}

export function toSchemaVersion(
  known: readonly Migration[],
  { state, found }: HistoryFinding,
): SchemaVersion {
  return { state, expected: known.at(-1)?.name ?? '', found }
}

class MigrationRunner {
  readonly #client: pg.Client
  readonly #schema: SchemaName
  readonly #roles: CapabilityDescription['roles']
  readonly #known: readonly Migration[]
  readonly #limits: { readonly lockTimeoutMs: number; readonly statementTimeoutMs: number }

  constructor(input: {
    readonly client: pg.Client
    readonly description: CapabilityDescription
    readonly known: readonly Migration[]
    readonly options?: Pick<MigrateOptions, 'lockTimeoutMs' | 'statementTimeoutMs'>
  }) {
    this.#client = input.client
    this.#schema = parseSchemaName(input.description.schema)
    this.#roles = input.description.roles
    this.#known = input.known
    const { lockTimeoutMs = 5_000, statementTimeoutMs = 300_000 } = input.options ?? {}
    this.#limits = { lockTimeoutMs, statementTimeoutMs }
  }

  async judge(): Promise<HistoryFinding> {
    const sql = schemaFactsSql(this.#schema)
    const [[hasLedger, hasCompatibility, hasTables]] = await this.#rows<[boolean, boolean, boolean]>(
      sql.exists,
    )
    const facts: SchemaFacts = {
      hasTables,
      ledger: hasLedger
        ? (await this.#rows<string[]>(sql.ledger)).map(([name, checksum, finished]) => ({
            name: String(name),
            checksum: String(checksum),
            isFinished: String(finished) === 'true',
          }))
        : null,
      oldestKnownMigration: hasCompatibility
        ? ((await this.#rows<[string]>(sql.compatibility))[0]?.[0] ?? null)
        : null,
    }
    return judgeHistory(this.#known, facts)
  }

  async applyIfPending(migration: Migration): Promise<boolean> {
    return await this.#locked(async () => {
      const history = await this.judge()
      if (history.code === 'current' || history.state === 'ahead') return false
      if (history.code !== 'behind') throw this.#refusal(history)
      if (!history.migrations.includes(migration.name)) return false
      if (history.found === null) await this.#client.query(createLedgerSql(this.#schema))
      await this.#client.query(migration.sql)
      await this.#client.query(
        `INSERT INTO ${this.#schema}.${LEDGER_TABLE} (id, checksum, migration_name, finished_at, applied_steps_count, logs)
         VALUES (gen_random_uuid()::text, $1, $2, clock_timestamp(), 1, $3)`,
        [migration.checksum, migration.name, `user-engine ${PACKAGE_VERSION}`],
      )
      return true
    })
  }

  async grantAccess(): Promise<void> {
    await this.#locked(async () => {
      await this.#client.query(accessSql(this.#schema, this.#roles))
    })
  }

  /**
   * Runs work as the owner, in a transaction under the schema's own lock. A lock of the transaction, not of the
   * session: it cannot outlive a killed process or leak through a pooler.
   */
  async #locked<Result>(work: () => Promise<Result>): Promise<Result> {
    const { lockTimeoutMs, statementTimeoutMs } = this.#limits
    await this.#client.query('BEGIN')
    try {
      await this.#client.query(`SET LOCAL ROLE ${quoteIdentifier(this.#roles.owner)}`)
      await this.#client.query(`SET LOCAL search_path = ${this.#schema}, pg_temp`)
      await this.#client.query(`SET LOCAL statement_timeout = ${statementTimeoutMs}`)
      // Waiting for another migrator is fine; waiting for the service's locks would queue the service behind it.
      await this.#client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `user-engine:${this.#schema}`,
      ])
      await this.#client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`)
      const result = await work()
      await this.#client.query('COMMIT')
      return result
    } catch (error) {
      await this.#client.query('ROLLBACK').catch(() => {})
      throw error
    }
  }

  async #rows<Values extends unknown[]>(text: string): Promise<[Values, ...Values[]]> {
    const { rows } = await this.#client.query<Values>({ text, rowMode: 'array' })
    return rows as [Values, ...Values[]]
  }

  #refusal(history: HistoryFinding): UserEngineError {
    const { state, expected, found } = toSchemaVersion(this.#known, history)
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

async function withMigrationClient<Result>(
  capability: PostgresCapability,
  work: (client: pg.Client, description: CapabilityDescription) => Promise<Result>,
): Promise<Result> {
  const client = await connect(await capability.lease('migration'))
  try {
    return await work(client, await capability.describe())
  } catch (error) {
    if (isUserEngineError(error)) throw error
    throw mapError(error, { committing: false, idempotent: false, timeoutMs: 0, subject: null })
  } finally {
    await client.end().catch(() => {})
  }
}

async function connect(lease: ConnectionLease): Promise<pg.Client> {
  const client = new pg.Client({ ...clientConfig(lease), application_name: 'user-engine migrate' })
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    throw mapConnectError(error)
  }
}
