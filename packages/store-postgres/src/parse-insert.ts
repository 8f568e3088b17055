import { UserEngineError, validate } from '@user-engine/store-protocol'
import type * as z from 'zod'

/**
 * Checks a whole record before it is inserted; its version must be 1 [VER-01].
 * @throws UserEngineError `VALIDATION`.
 */
export function parseInsert<Schema extends z.ZodType<{ readonly version: number }>>(
  schema: Schema,
  record: unknown,
): z.output<Schema> {
  const parsed = validate(schema, record)
  if (parsed.version !== 1) {
    throw new UserEngineError('VALIDATION', { issues: [{ path: 'version', expected: '1 for a new record' }] })
  }
  return parsed
}
