import * as z from 'zod'
import { actorSchema } from '../values/actor.ts'
import { idSchema, keySchema, tenantIdSchema } from '../values/identifiers.ts'
import { instantSchema } from '../values/instant.ts'
import { jsonValueSchema } from '../values/json-value.ts'
import { textSchema } from '../values/text.ts'
import { versionSchema } from '../values/version.ts'

/** Where a profile value holds: everywhere, in one tenant, or for one application within one tenant. */
export const profileScopeSchema = z.discriminatedUnion('level', [
  z.strictObject({ level: z.literal('global') }),
  z.strictObject({ level: z.literal('tenant'), tenantId: tenantIdSchema }),
  z.strictObject({ level: z.literal('application'), tenantId: tenantIdSchema, applicationId: idSchema }),
])

export type ProfileScope = Readonly<z.infer<typeof profileScopeSchema>>

/** Where a value came from. */
export const provenanceSchema = z.strictObject({
  /** The system or channel that delivered the value, for example `self-service` or `scim`. */
  source: textSchema({ min: 1, max: 256 }),
  actor: actorSchema,
  /** The catalog whose definition the value was validated against. */
  catalogId: idSchema,
  catalogVersion: z.int().min(1),
})

export type Provenance = Readonly<z.infer<typeof provenanceSchema>>

/** What is known about a user under one attribute key. Unique by (userId, scope, attributeKey). */
export const profileValueSchema = z.strictObject({
  id: idSchema,
  userId: idSchema,
  scope: profileScopeSchema,
  attributeKey: keySchema,
  /** Any JSON value. `null` is a value; an absent value is an absent record [VAL-03]. */
  value: jsonValueSchema,
  provenance: provenanceSchema,
  version: versionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})

export type ProfileValue = Readonly<z.infer<typeof profileValueSchema>>

/** What an update may change. A value never changes without saying where the new one came from. */
export const profileValueChangesSchema = profileValueSchema.pick({ value: true, provenance: true })

export type ProfileValueChanges = Readonly<z.infer<typeof profileValueChangesSchema>>
