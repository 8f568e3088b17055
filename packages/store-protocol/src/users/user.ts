import * as z from 'zod'
import { idSchema } from '../values/identifiers.ts'
import { instantSchema } from '../values/instant.ts'
import { textSchema } from '../values/text.ts'
import { versionSchema } from '../values/version.ts'

export const USER_KINDS = ['person', 'agent'] as const
export const USER_STATUSES = ['active', 'suspended', 'deactivated'] as const

/** A person or an agent, known to the whole platform. What applications know about them are profile values. */
export const userSchema = z.strictObject({
  id: idSchema,
  kind: z.enum(USER_KINDS),
  displayName: textSchema({ min: 1, max: 256 }).nullable(),
  status: z.enum(USER_STATUSES),
  version: versionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})

export type User = Readonly<z.infer<typeof userSchema>>
export type UserKind = User['kind']
export type UserStatus = User['status']

/** What an update may change. An absent field stays as it is; `null` is a value [VAL-03]. */
export const userChangesSchema = userSchema.pick({ displayName: true, status: true }).partial()

export type UserChanges = Readonly<z.infer<typeof userChangesSchema>>
