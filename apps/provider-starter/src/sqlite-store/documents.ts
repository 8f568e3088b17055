import {
  type EntityKind,
  UserEngineError,
  type VersionedDelete,
  type VersionedUpdate,
} from '@user-engine/store-protocol'
import type { SqlParameters } from './connection.ts'
import { inScope, type Unit } from './unit.ts'

/** A record that has a version. */
export interface VersionedRecord {
  readonly id: string
  readonly version: number
}

/** How one kind of record is kept. */
export interface Kind<Stored extends { readonly id: string }> {
  readonly entity: EntityKind
  readonly table: string
  /** The columns beside the document. */
  columns(record: Stored): SqlParameters
  /** What is unique, in the words of the contract, with the columns that make it so [IDN-03]. */
  readonly unique: readonly { readonly key: string; readonly columns: readonly string[] }[]
  /** The condition under which a scope sees a row; `:tenant` is the tenant [TEN-01]. */
  visible(unit: Unit): string
}

/** Turns a stored document into a record that nobody shares [SHP-06]. */
export function recordOf<Stored>(row: { readonly doc: string } | undefined): Stored | null {
  return row === undefined ? null : (JSON.parse(row.doc) as Stored)
}

/** The record that the scope sees under these columns, or `null`. */
export function findDocument<Stored extends { readonly id: string }>(
  unit: Unit,
  kind: Kind<Stored>,
  where: SqlParameters,
): Stored | null {
  const conditions = [...Object.keys(where).map((column) => `${column} = :${column}`), kind.visible(unit)]
  const sql = `SELECT doc FROM ${kind.table} WHERE ${conditions.join(' AND ')}`
  return recordOf<Stored>(unit.connection.get(sql, inScope(unit, where)))
}

/** @throws UserEngineError `NOT_FOUND` when the scope does not see the record. */
export function requireDocument<Stored extends { readonly id: string }>(
  unit: Unit,
  kind: Kind<Stored>,
  where: SqlParameters & { readonly id: string },
): Stored {
  const found = findDocument(unit, kind, where)
  if (found === null) throw new UserEngineError('NOT_FOUND', { entity: kind.entity, id: where.id })
  return found
}

/** @throws UserEngineError `VALIDATION` unless the version of a new record is 1 [VER-01]. */
export function assertNew({ version }: VersionedRecord): void {
  if (version === 1) return
  throw new UserEngineError('VALIDATION', { issues: [{ path: 'version', expected: '1 for a new record' }] })
}

/**
 * Adds a record. Looking first is enough, because there is one writer; the constraints are there all the same.
 * @throws UserEngineError `DUPLICATE_KEY` with the key that is taken, or `DUPLICATE_IDENTITY` [IDN-01, IDN-03].
 */
export function insertDocument<Stored extends { readonly id: string }>(
  unit: Unit,
  kind: Kind<Stored>,
  record: Stored,
): void {
  const row: SqlParameters = { ...kind.columns(record), doc: JSON.stringify(record) }
  for (const { key, columns } of kind.unique) {
    const where = columns.map((column) => `${column} = :${column}`).join(' AND ')
    if (unit.connection.get(`SELECT 1 FROM ${kind.table} WHERE ${where}`, row) === undefined) continue
    if (key === 'issuer,subject') throw new UserEngineError('DUPLICATE_IDENTITY', {})
    throw new UserEngineError('DUPLICATE_KEY', { entity: kind.entity, key })
  }
  const names = Object.keys(row)
  const values = names.map((name) => `:${name}`)
  unit.connection.run(`INSERT INTO ${kind.table} (${names.join(', ')}) VALUES (${values.join(', ')})`, row)
}

/**
 * Changes a record to what `apply` makes of it, one version higher [VER-01].
 * @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT` with the current version [VER-02]; what `check` throws.
 */
export function updateDocument<Stored extends VersionedRecord, Changes extends object>(
  unit: Unit,
  kind: Kind<Stored>,
  change: VersionedUpdate<Changes>,
  options: { readonly where?: SqlParameters; readonly check?: (current: Stored) => void } = {},
): void {
  const current = requireVersion(unit, kind, change, options.where)
  options.check?.(current)
  const { set, updatedAt } = change
  const next = { ...current, ...set, version: current.version + 1, updatedAt }
  const where = { id: change.id, ...options.where }
  writeWhere(unit, kind, `UPDATE ${kind.table} SET doc = :doc`, where, { doc: JSON.stringify(next) })
}

/** Removes a record. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT` [VER-02]. */
export function deleteDocument<Stored extends VersionedRecord>(
  unit: Unit,
  kind: Kind<Stored>,
  removal: VersionedDelete,
  where: SqlParameters = {},
): void {
  requireVersion(unit, kind, removal, where)
  writeWhere(unit, kind, `DELETE FROM ${kind.table}`, { id: removal.id, ...where })
}

function requireVersion<Stored extends VersionedRecord>(
  unit: Unit,
  kind: Kind<Stored>,
  { id, expectedVersion }: VersionedDelete,
  where: SqlParameters = {},
): Stored {
  const current = requireDocument(unit, kind, { id, ...where })
  const { version: currentVersion } = current
  if (currentVersion === expectedVersion) return current
  throw new UserEngineError('VERSION_CONFLICT', { entity: kind.entity, id, expectedVersion, currentVersion })
}

function writeWhere<Stored extends { readonly id: string }>(
  unit: Unit,
  kind: Kind<Stored>,
  statement: string,
  where: SqlParameters,
  values: SqlParameters = {},
): void {
  const conditions = [...Object.keys(where).map((column) => `${column} = :${column}`), kind.visible(unit)]
  const sql = `${statement} WHERE ${conditions.join(' AND ')}`
  unit.connection.run(sql, inScope(unit, { ...where, ...values }))
}
