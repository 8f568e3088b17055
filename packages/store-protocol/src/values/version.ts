import * as z from 'zod'

/** The version of a record: 1 when it is inserted, one higher with every committed change [VER-01]. */
export const versionSchema = z.int().min(1)

export type Version = z.infer<typeof versionSchema>
