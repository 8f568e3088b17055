import {
  DEFAULT_PAGE_LIMIT,
  decodeCursor,
  encodeCursor,
  type Page,
  type PageRequest,
  pageRequestSchema,
  validate,
} from '@user-engine/store-protocol'
import { BEFORE_ALL_IDS } from './parameters.ts'

/**
 * Plans one keyset page by id of a model query [QRY-01]: read `take` models after the id, then `finish` them.
 * @throws UserEngineError `VALIDATION` for the limit; `CURSOR_INVALID`.
 */
export function planModelPage({
  list,
  page,
}: {
  readonly list: string
  readonly page: PageRequest | undefined
}) {
  const { limit = DEFAULT_PAGE_LIMIT, cursor } = validate(pageRequestSchema, page ?? {})
  return {
    after: cursor === undefined ? BEFORE_ALL_IDS : String(decodeCursor(list, cursor, ['string'])[0]),
    take: limit + 1,
    finish: <Item extends { readonly id: string }>(found: readonly Item[]): Page<Item> => {
      const items = found.slice(0, limit)
      const last = items.at(-1)
      return {
        items,
        nextCursor: found.length > limit && last !== undefined ? encodeCursor(list, [last.id]) : null,
      }
    },
  }
}
