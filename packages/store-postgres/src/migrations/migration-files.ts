import { createHash } from 'node:crypto'
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
    return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
  })
}
