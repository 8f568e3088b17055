import * as z from 'zod'

/**
 * The version of a record: 1 when it is inserted, one higher with every committed change [VER-01]. Every `insert` refuses
 * another version than 1 with `VALIDATION` at the path `version`; the schemas of the records leave that to the store.
 */
export const versionSchema = z.int().min(1)

export type Version = z.infer<typeof versionSchema>
