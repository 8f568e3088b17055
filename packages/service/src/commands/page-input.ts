import { type PageRequest, pageRequestSchema } from '@user-engine/store-protocol'
import * as z from 'zod'
import type { InputOf } from './input-of.ts'
import { omitUndefined } from './omit-undefined.ts'

/** The `page` field of every list's input. */
export const pageInputSchema = pageRequestSchema.optional()

/** The input of a list that takes nothing but a page. */
export const listInputSchema = z.strictObject({ page: pageInputSchema })

/** Which part of a list to read; absent is the first page of the default length [QRY-01]. */
export type ListInput = InputOf<typeof listInputSchema>

/** The page request that an input asks for. */
export function pageOf(input: { readonly page?: z.output<typeof pageInputSchema> }): PageRequest {
  return omitUndefined(input.page ?? {})
}
