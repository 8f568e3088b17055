import * as z from 'zod'
import { idSchema, tenantIdSchema } from '../values/identifiers.ts'
import { instantSchema } from '../values/instant.ts'
import { versionSchema } from '../values/version.ts'

export const APPLICATION_BINDING_STATUSES = ['enabled', 'disabled'] as const

/** A tenant uses an application and pins the catalog version it sees. Unique by (tenantId, applicationId). */
export const applicationBindingSchema = z.strictObject({
  id: idSchema,
  tenantId: tenantIdSchema,
  applicationId: idSchema,
  catalogId: idSchema,
  status: z.enum(APPLICATION_BINDING_STATUSES),
  version: versionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})

export type ApplicationBinding = Readonly<z.infer<typeof applicationBindingSchema>>
export type ApplicationBindingStatus = ApplicationBinding['status']

/** What an update may change. */
export const applicationBindingChangesSchema = applicationBindingSchema
  .pick({ catalogId: true, status: true })
  .partial()

export type ApplicationBindingChanges = Readonly<z.infer<typeof applicationBindingChangesSchema>>
