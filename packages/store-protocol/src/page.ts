import * as z from 'zod'
import { UserEngineError } from './errors/user-engine-error.ts'

export const MAX_PAGE_LIMIT = 500
export const DEFAULT_PAGE_LIMIT = 50

/** Which part of a list to read [QRY-01]. */
export interface PageRequest {
  /** How many items at most: 1 to {@link MAX_PAGE_LIMIT}; default {@link DEFAULT_PAGE_LIMIT}. */
  readonly limit?: number
  /** The `nextCursor` of the page before; absent for the first page. Opaque, and good for the same list and filters only. */
  readonly cursor?: string
}

/** One part of a list. */
export interface Page<Item> {
  readonly items: readonly Item[]
  /** Where the next page starts, or `null` after the last item. */
  readonly nextCursor: string | null
}

export const pageRequestSchema = z.strictObject({
  limit: z.int().min(1).max(MAX_PAGE_LIMIT).optional(),
  cursor: z.string().min(1).max(4096).optional(),
})

/** One component of a keyset position. */
export type CursorKey = readonly (string | number)[]

/**
 * Writes the keyset position after `key` as an opaque cursor. `list` names the list and its filters, so that a
 * cursor of one list is refused by another. Offered to store authors; a store may use a form of its own.
 */
export function encodeCursor(list: string, key: CursorKey): string {
  return Buffer.from(JSON.stringify([list, ...key])).toString('base64url')
}

/**
 * Reads a cursor back.
 * @throws UserEngineError `CURSOR_INVALID` when it was not made by {@link encodeCursor} for this list with a key of this shape.
 */
export function decodeCursor(
  list: string,
  cursor: string,
  shape: readonly ('string' | 'number')[],
): CursorKey {
  let decoded: unknown
  try {
    decoded = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    decoded = null
  }
  const isOurs =
    Array.isArray(decoded) &&
    decoded.length === shape.length + 1 &&
    decoded[0] === list &&
    shape.every((type, index) => typeof decoded[index + 1] === type)
  if (!isOurs) throw new UserEngineError('CURSOR_INVALID', { list: list.replace(/[^a-z-].*$/, '') })
  return (decoded as CursorKey).slice(1)
}
