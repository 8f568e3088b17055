// Applies the migrations of this release, each in a transaction of its own that holds the migration lock of the
// schema: of many processes that start at once one applies, the others find it done [MIG-03].

import { type PostgresCapability, readLease, type SchemaVersion } from '@user-engine/store-protocol'
import { preparePartitions } from '../outbox-partitions/tend-outbox-log.ts'
import { parseSchemaName } from '../sql/schema-name.ts'
import { type HistoryFinding, toSchemaVersion } from './ledger.ts'
import { connectMigration, withMigrationClient } from './migration-client.ts'
import { loadMigrations, type Migration } from './migration-files.ts'
import { createMigrationRunner, type MigrationRunner } from './migration-runner.ts'

export interface MigrateOptions {
  readonly capability: PostgresCapability
  /**
   * How long an attempt may wait for the locks of others before it steps aside, in milliseconds. The service waits behind it
   * for that long. Default 500.
   */
  readonly lockTimeoutMs?: number
  /** How long to go on trying to get those locks, in milliseconds. Default 60,000. */
  readonly patienceMs?: number
  /** How long one statement of a migration, or another migrator, may take, in milliseconds. Default 300,000. */
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
 * Brings the schema to the version of this release, and makes the partitions of the coming weeks.
 * @throws UserEngineError `SCHEMA_MISMATCH` for an edited, missing or unfinished history, in which case nothing runs
 * [MIG-05]; `DEADLINE_EXCEEDED` when the locks could not be had; `UNAVAILABLE`; `INTERNAL` with the SQLSTATE when a migration
 * fails, in which case nothing of it remains.
 */
export async function migrate(options: MigrateOptions): Promise<MigrationReport> {
  const report = await applyMigrations(options, loadMigrations())
  if (report.schemaVersion.state === 'current') await preparePartitions(options)
  return report
}

/** Brings the schema to the last of the given migrations, which are all that the release knows. */
export async function applyMigrations(
  options: MigrateOptions,
  known: readonly Migration[],
): Promise<MigrationReport> {
  return await withRunner(options, known, async (runner) => {
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
  const finding = await judgeMigrations(options, known)
  return { ...toSchemaVersion(known, finding), code: finding.code, migrations: finding.migrations }
}

/** What is to be said of a history by a release that knows the given migrations. */
export async function judgeMigrations(
  options: { readonly capability: PostgresCapability },
  known: readonly Migration[],
): Promise<HistoryFinding> {
  return await withRunner(options, known, (runner) => runner.judge())
}

async function withRunner<Result>(
  options: MigrateOptions,
  known: readonly Migration[],
  work: (runner: MigrationRunner) => Promise<Result>,
): Promise<Result> {
  const { capability, lockTimeoutMs = 500, patienceMs = 60_000, statementTimeoutMs = 300_000 } = options
  return await withMigrationClient(capability, async (client, description) =>
    work(
      createMigrationRunner({
        client,
        description,
        schema: parseSchemaName(description.schema),
        known,
        limits: { lockTimeoutMs, patienceMs, statementTimeoutMs },
        anotherClient: async () => await connectMigration(await readLease(capability, 'migration')),
      }),
    ),
  )
}
