import * as z from 'zod'
import { idSchema } from '../values/identifiers.ts'
import { instantSchema } from '../values/instant.ts'
import { textSchema } from '../values/text.ts'
import { versionSchema } from '../values/version.ts'

export const ACCOUNT_KINDS = ['human', 'service'] as const
export const ACCOUNT_STATUSES = ['active', 'suspended', 'deactivated'] as const

/** What acts: an account of a user. One user may have several. */
export const accountSchema = z.strictObject({
  id: idSchema,
  userId: idSchema,
  kind: z.enum(ACCOUNT_KINDS),
  name: textSchema({ min: 1, max: 256 }).nullable(),
  status: z.enum(ACCOUNT_STATUSES),
  version: versionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})

export type Account = Readonly<z.infer<typeof accountSchema>>
export type AccountKind = Account['kind']
export type AccountStatus = Account['status']

/** What an update may change. An absent field stays as it is; `null` is a value [VAL-03]. */
export const accountChangesSchema = accountSchema.pick({ name: true, status: true }).partial()

export type AccountChanges = Readonly<z.infer<typeof accountChangesSchema>>
