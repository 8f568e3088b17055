import { type EntityKind, idSchema, UserEngineError } from '@user-engine/store-protocol'
import * as z from 'zod'

export const idParams = z.object({ id: idSchema })
export const userParams = z.object({ userId: idSchema })

/** The page of a list, from the query string. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).optional().describe('1 to 500; default 50'),
  cursor: z.string().optional().describe('nextCursor of the page before'),
})

/** The page request that a query string amounts to. */
export function pageOf({ limit, cursor }: z.output<typeof pageQuery>) {
  return { ...(limit === undefined ? {} : { limit }), ...(cursor === undefined ? {} : { cursor }) }
}

/** The answer of a list. */
export function pageSchema<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() })
}

/** Turns the miss of a query into the error that becomes 404. @throws UserEngineError `NOT_FOUND` */
export function found<Result>(result: Result | null, entity: EntityKind, id: string): Result {
  if (result === null) throw new UserEngineError('NOT_FOUND', { entity, id })
  return result
}
