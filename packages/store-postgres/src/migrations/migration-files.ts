import { hash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { UserEngineError } from '@user-engine/store-protocol'
import { PACKAGE_ROOT } from '../package-info.ts'

/** One migration of this release. */
export interface Migration {
  /** `<stamp>_<name>`: its place in the order, and its name in the ledger. */
  readonly name: string
  readonly sql: string
  /** SHA-256 of the file as hexadecimal text, as Prisma computes it. */
  readonly checksum: string
  /**
   * Whether it runs outside of a transaction, as CREATE INDEX CONCURRENTLY must. It can be cut off half-way and is then begun
   * again, so each of its statements has to bear that.
   */
  readonly isOutsideTransaction: boolean
}

const MIGRATION_NAME = /^\d{14}_[a-z0-9_]+$/

/**
 * The migrations this package ships, in order.
 * @throws UserEngineError `INTERNAL` when the package was installed without them.
 */
export function loadMigrations(
  folder: URL = new URL('prisma/migrations/', PACKAGE_ROOT),
): readonly Migration[] {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && MIGRATION_NAME.test(entry.name))
    .map((entry) => entry.name)
    .sort()
  if (names.length === 0)
    throw new UserEngineError('INTERNAL', { reference: 'the package holds no migrations' })
  return names.map((name) => {
    const sql = readFileSync(new URL(`${name}/migration.sql`, folder), 'utf8')
    return parseMigration(name, sql)
  })
}

/** The first line of a migration that runs outside of a transaction. */
export const OUTSIDE_TRANSACTION = '-- user-engine: outside of a transaction'

export function parseMigration(name: string, sql: string): Migration {
  return {
    name,
    sql,
    checksum: hash('sha256', sql, 'hex'),
    isOutsideTransaction: sql.startsWith(`${OUTSIDE_TRANSACTION}\n`),
  }
}

/** The statements of a migration outside of a transaction; sent together they would be one. Each ends at the end of a line. */
export function statementsOf({ sql }: Migration): readonly string[] {
  return sql
    .split(/;[ \t]*(?:\n|$)/)
    .filter((statement) => statement.replaceAll(/^\s*--.*$/gm, '').trim() !== '')
}
