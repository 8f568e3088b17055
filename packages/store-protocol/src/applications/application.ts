import * as z from 'zod'
import { idSchema, keySchema } from '../values/identifiers.ts'
import { instantSchema } from '../values/instant.ts'
import { textSchema } from '../values/text.ts'
import { versionSchema } from '../values/version.ts'

export const APPLICATION_STATUSES = ['active', 'retired'] as const

/** A registered consumer of profiles, known to the whole platform. Unique by key. */
export const applicationSchema = z.strictObject({
  id: idSchema,
  key: keySchema,
  name: textSchema({ min: 1, max: 256 }),
  status: z.enum(APPLICATION_STATUSES),
  version: versionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})

export type Application = Readonly<z.infer<typeof applicationSchema>>
export type ApplicationStatus = Application['status']

/** What an update may change. */
export const applicationChangesSchema = applicationSchema.pick({ name: true, status: true }).partial()

export type ApplicationChanges = Readonly<z.infer<typeof applicationChangesSchema>>
