import {
  type CursorKey,
  DEFAULT_PAGE_LIMIT,
  decodeCursor,
  encodeCursor,
  type Page,
  type PageRequest,
  pageRequestSchema,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import type { StatementCall } from '../connection/statement.ts'
import type { PlannedRead } from '../handle.ts'
import { RowReader } from './columns.ts'

interface KeysetPage<Item> {
  /** Names the list with its filters: a cursor is good for the same name only. */
  readonly list: string
  readonly page: PageRequest | undefined
  /** A key before every item. */
  readonly start: CursorKey
  /** The statement for the items after a key; it must return at most `limit` rows. */
  readonly call: (after: readonly string[], limit: string) => StatementCall
  /** Whether a cursor may hold this key; default: any key of the right shape. */
  readonly isGoodKey?: (key: CursorKey) => boolean
  readonly read: (row: RowReader) => Item
  readonly keyOf: (item: Item) => CursorKey
}

/**
 * Plans the read of one keyset page [QRY-01]. One row more than the limit is read, to know whether a page follows.
 * @throws UserEngineError `VALIDATION` for the limit; `CURSOR_INVALID`.
 */
export function planPage<Item>(options: KeysetPage<Item>): PlannedRead<Page<Item>> {
  const { list, start, read, keyOf } = options
  const { limit = DEFAULT_PAGE_LIMIT, cursor } = validate(pageRequestSchema, options.page ?? {})
  const shape = start.map((key) => (typeof key === 'number' ? 'number' : 'string'))
  const after = cursor === undefined ? start : decodeCursor(list, cursor, shape)
  if (cursor !== undefined && options.isGoodKey?.(after) === false)
    throw new UserEngineError('CURSOR_INVALID', { list: list.replace(/:.*/, '') })
  return {
    call: options.call(after.map(String), String(limit + 1)),
    parse: (rows) => {
      const items = rows.slice(0, limit).map((row) => read(new RowReader(row)))
      const last = items.at(-1)
      const nextCursor = rows.length > limit && last !== undefined ? encodeCursor(list, keyOf(last)) : null
      return { items, nextCursor }
    },
  }
}
