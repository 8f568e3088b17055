import {
  type CursorKey,
  DEFAULT_PAGE_LIMIT,
  decodeCursor,
  encodeCursor,
  type Page,
  type PageRequest,
  pageRequestSchema,
  validate,
} from '@user-engine/store-protocol'
import type { Connection, SqlParameters } from './connection.ts'

/** A list in a stated order [QRY-02]. */
export interface List {
  /** Names the list and its filters, so that a cursor of another list is refused. */
  readonly name: string
  /** What is read: columns and tables, without conditions. */
  readonly select: string
  readonly where: readonly string[]
  readonly parameters: SqlParameters
  /** The columns of the order, which together are unique. */
  readonly order: readonly { readonly column: string; readonly type: 'string' | 'number' }[]
  readonly descending?: boolean
}

/** Checks what a caller says about a page. @throws UserEngineError `VALIDATION`. */
export function parsePage(page: PageRequest | undefined): PageRequest {
  return validate(pageRequestSchema, page ?? {}) as PageRequest
}

/**
 * Reads one page by keyset [QRY-01]: text columns compare bytewise, as SQLite does by default.
 * @throws UserEngineError `VALIDATION`; `CURSOR_INVALID`.
 */
export function readPage<Row, Item>(
  connection: Connection,
  list: List,
  page: PageRequest | undefined,
  itemOf: (row: Row) => Item,
): Page<Item> {
  const { limit = DEFAULT_PAGE_LIMIT, cursor } = parsePage(page)
  const columns = list.order.map(({ column }) => column)
  const after: SqlParameters =
    cursor === undefined
      ? {}
      : keyParameters(
          decodeCursor(
            list.name,
            cursor,
            list.order.map(({ type }) => type),
          ),
        )
  const places = Object.keys(after).map((name) => `:${name}`)
  const [beyond, direction] = list.descending === true ? ['<', 'DESC'] : ['>', 'ASC']
  const where = [...list.where, ...(places.length > 0 ? [`(${columns}) ${beyond} (${places})`] : [])]
  const order = columns.map((column) => `${column} ${direction}`).join(', ')
  const sql = `${list.select} WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT :limit`
  const rows = connection.all<Row & SqlParameters>(sql, { ...list.parameters, ...after, limit: limit + 1 })
  const found = rows.slice(0, limit)
  const last = rows.length > limit ? found.at(-1) : undefined
  const keyOf = (row: SqlParameters) => columns.map((column) => row[nameOf(column)]) as unknown as CursorKey
  return {
    items: found.map(itemOf),
    nextCursor: last === undefined ? null : encodeCursor(list.name, keyOf(last)),
  }
}

function keyParameters(key: CursorKey): SqlParameters {
  return Object.fromEntries(key.map((value, index) => [`after${index}`, value]))
}

function nameOf(column: string): string {
  return column.slice(column.lastIndexOf('.') + 1)
}
