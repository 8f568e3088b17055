import {
  DEFAULT_PAGE_LIMIT,
  decodeCursor,
  encodeCursor,
  type Page,
  type PageRequest,
  pageRequestSchema,
  validate,
} from '@user-engine/store-protocol'
import type { Start } from './ordered-map.ts'
import type { Walk } from './walk.ts'

/** Where a page of a list starts, and how long it may be. */
export interface PagePosition {
  readonly limit: number
  /** The key of the last item of the page before; `null` for the first page. */
  readonly after: string | null
}

/**
 * Reads a page request.
 * @throws UserEngineError `VALIDATION`; `CURSOR_INVALID` for a cursor of another list or of other filters [QRY-01].
 */
export function acceptPage(list: string, page: PageRequest | undefined): PagePosition {
  if (page === undefined) return { limit: DEFAULT_PAGE_LIMIT, after: null }
  const { limit = DEFAULT_PAGE_LIMIT, cursor } = validate(pageRequestSchema, page)
  if (cursor === undefined) return { limit, after: null }
  return { limit, after: String(decodeCursor(list, cursor, ['string'])[0]) }
}

/** Takes one page from a walk that starts after the position. Visits one entry more than the page has, at most. */
export function takePage<Item>(list: string, { limit }: PagePosition, walk: Walk<string, Item>): Page<Item> {
  const items: Item[] = []
  let last = ''
  while (walk.next()) {
    if (items.length === limit) return { items, nextCursor: encodeCursor(list, [last]) }
    items.push(walk.value)
    if (items.length === limit) last = walk.key
  }
  return { items, nextCursor: null }
}

/** Reads one page of a list that is ordered by one key. */
export function readPage<Item>(
  list: string,
  page: PageRequest | undefined,
  walkFrom: (start: Start<string> | undefined) => Walk<string, Item>,
): Page<Item> {
  const position = acceptPage(list, page)
  const { after } = position
  return takePage(list, position, walkFrom(after === null ? undefined : { key: after, inclusive: false }))
}
