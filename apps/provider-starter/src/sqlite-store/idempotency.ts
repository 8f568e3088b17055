import {
  type Idempotency,
  type JsonValue,
  jsonValueSchema,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import { inScope, type Unit } from './unit.ts'

/**
 * The stored result of a key, or `null` when the scope has not used it [TXN-04].
 * @throws UserEngineError `IDEMPOTENCY_MISMATCH` when another request used it.
 */
export function findFirstResult(
  unit: Unit,
  { key, fingerprint }: Idempotency,
): { readonly result: JsonValue } | null {
  const sql = 'SELECT fingerprint, result FROM main.idempotency_keys WHERE tenant_id = :tenant AND key = :key'
  const row = unit.connection.get<{ fingerprint: string; result: string }>(sql, inScope(unit, { key }))
  if (row === undefined) return null
  if (row.fingerprint !== fingerprint) throw new UserEngineError('IDEMPOTENCY_MISMATCH', {})
  return { result: JSON.parse(row.result) as JsonValue }
}

/** Keeps the first result of a key in the transaction that made it; no result is kept as `null`. @throws UserEngineError `VALIDATION`. */
export function keepFirstResult(unit: Unit, { key, fingerprint }: Idempotency, result: unknown): void {
  const value = validate(jsonValueSchema, result ?? null)
  const row = inScope(unit, { key, fingerprint, result: JSON.stringify(value) })
  unit.connection.run('INSERT INTO main.idempotency_keys VALUES (:tenant, :key, :fingerprint, :result)', row)
}
