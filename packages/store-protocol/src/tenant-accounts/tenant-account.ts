import * as z from 'zod'
import { idSchema, tenantIdSchema } from '../values/identifiers.ts'
import { instantSchema } from '../values/instant.ts'
import { versionSchema } from '../values/version.ts'

export const TENANT_ACCOUNT_STATUSES = ['invited', 'active', 'suspended', 'left'] as const

/** The presence of an account in a tenant. Unique by (tenantId, accountId). */
export const tenantAccountSchema = z.strictObject({
  id: idSchema,
  tenantId: tenantIdSchema,
  accountId: idSchema,
  /** The user of the account; the store refuses a pair that does not belong together. */
  userId: idSchema,
  status: z.enum(TENANT_ACCOUNT_STATUSES),
  version: versionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})

export type TenantAccount = Readonly<z.infer<typeof tenantAccountSchema>>
export type TenantAccountStatus = TenantAccount['status']

/** What an update may change. */
export const tenantAccountChangesSchema = tenantAccountSchema.pick({ status: true }).partial()

export type TenantAccountChanges = Readonly<z.infer<typeof tenantAccountChangesSchema>>
