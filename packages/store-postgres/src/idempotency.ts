import {
  type Idempotency,
  idempotencySchema,
  type JsonValue,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import { PLATFORM_KEY } from './audit.ts'
import { defineStatement, type Row, type StatementCall } from './connection/statement.ts'
import { jsonParameter } from './sql/parameters.ts'
import type { SchemaName } from './sql/schema-name.ts'
import { ofTenant } from './sql/visibility.ts'

export type IdempotencyStatements = ReturnType<typeof idempotencyStatements>

export function idempotencyStatements(s: SchemaName) {
  const thisKey = `${ofTenant('k.tenant_id', '$1')} AND k.key = $2`
  return {
    reserve: defineStatement(`
      INSERT INTO ${s}.idempotency_keys (tenant_id, key, fingerprint, result) VALUES ($1, $2, $3, $4::jsonb)`),
    complete: defineStatement(`UPDATE ${s}.idempotency_keys k SET result = $3::jsonb WHERE ${thisKey}`),
    find: defineStatement(`SELECT k.fingerprint, k.result FROM ${s}.idempotency_keys k WHERE ${thisKey}`),
    purge: defineStatement(`
      WITH purged AS (
        DELETE FROM ${s}.idempotency_keys k WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM ${s}.idempotency_keys
          WHERE created_at < clock_timestamp() - $1::bigint * interval '1 millisecond' ORDER BY created_at LIMIT $2))
        RETURNING 1)
      SELECT count(*) FROM purged`),
  }
}

/** The idempotency key of one transaction [TXN-04]. */
export interface IdempotencyRecord {
  /**
   * Reserves the key before anything else: of two transactions with one key the second waits here for the first,
   * and fails when that has committed. The result is filled in if it is known before this is sent.
   */
  readonly reserve: StatementCall
  /** The result in the reservation; only before it has been sent. */
  fillResult(result: unknown): void
  /** Stores the result of a reservation that has been sent. */
  complete(result: unknown): StatementCall
  /** Looks up what the key was first used for. */
  readonly find: StatementCall
  /**
   * The first result.
   * @throws UserEngineError `IDEMPOTENCY_MISMATCH` when it belongs to another request.
   */
  parseFound(rows: readonly Row[]): { readonly result: unknown } | null
}

/** @throws UserEngineError `VALIDATION` for a malformed key or fingerprint. */
export function createIdempotencyRecord(
  statements: IdempotencyStatements,
  options: { readonly tenantId: string | null; readonly idempotency: Idempotency },
): IdempotencyRecord {
  const { key, fingerprint } = validate(idempotencySchema, options.idempotency)
  const tenantId = options.tenantId ?? PLATFORM_KEY
  const reserve: StatementCall = { statement: statements.reserve, values: [tenantId, key, fingerprint, null] }
  return {
    reserve,
    fillResult(result) {
      reserve.values[3] = resultParameter(result)
    },
    complete: (result) => ({
      statement: statements.complete,
      values: [tenantId, key, resultParameter(result)],
    }),
    find: { statement: statements.find, values: [tenantId, key] },
    parseFound([row]) {
      if (row === undefined) return null
      const [storedFingerprint, result] = row
      if (storedFingerprint !== fingerprint) throw new UserEngineError('IDEMPOTENCY_MISMATCH', {})
      return { result: result === null || result === undefined ? undefined : JSON.parse(result) }
    },
  }
}

function resultParameter(result: unknown): string | null {
  return result === undefined ? null : jsonParameter(result as JsonValue)
}
