import * as z from 'zod'
import { idSchema, keySchema, tenantIdSchema } from '../values/identifiers.ts'
import { instantSchema } from '../values/instant.ts'
import { versionSchema } from '../values/version.ts'

/** A role that a tenant account holds in a group. Unique by (tenantAccountId, group, role). */
export const membershipSchema = z.strictObject({
  id: idSchema,
  tenantId: tenantIdSchema,
  tenantAccountId: idSchema,
  group: keySchema,
  role: keySchema,
  /** From when the membership holds; `null` is from the beginning. */
  validFrom: instantSchema.nullable(),
  /** Until when, exclusive; `null` is without end. */
  validUntil: instantSchema.nullable(),
  version: versionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})

export type Membership = Readonly<z.infer<typeof membershipSchema>>

/** What an update may change. */
export const membershipChangesSchema = membershipSchema.pick({ validFrom: true, validUntil: true }).partial()

export type MembershipChanges = Readonly<z.infer<typeof membershipChangesSchema>>
