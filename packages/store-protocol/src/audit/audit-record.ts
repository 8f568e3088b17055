import * as z from 'zod'
import { ENTITY_KINDS } from '../entity-kind.ts'
import { actorSchema } from '../values/actor.ts'
import { idSchema, tenantIdSchema } from '../values/identifiers.ts'
import { instantSchema } from '../values/instant.ts'
import { textSchema } from '../values/text.ts'

export const AUDIT_OUTCOMES = ['allowed', 'denied', 'failed'] as const

/** What an action was done to. */
export const auditTargetSchema = z.strictObject({
  type: z.enum(ENTITY_KINDS),
  id: textSchema({ min: 1, max: 256 }),
})

export type AuditTarget = Readonly<z.infer<typeof auditTargetSchema>>

/**
 * Who did what to what, with which outcome. Append-only [AUD-01]. It names the fields that changed, never their
 * values, so that no secret and no profile value can reach it [DIA-02].
 */
export const auditRecordSchema = z.strictObject({
  id: idSchema,
  /** The tenant it belongs to; `null` is the platform. */
  tenantId: tenantIdSchema.nullable(),
  occurredAt: instantSchema,
  actor: actorSchema,
  /** What was done, as `<entity>.<verb>`, for example `user.suspend`. */
  action: textSchema({ min: 1, max: 128 }),
  target: auditTargetSchema,
  outcome: z.enum(AUDIT_OUTCOMES),
  reason: textSchema({ min: 1, max: 1024 }).nullable(),
  /** The names of the fields or attributes the action changed. */
  changedFields: z.array(textSchema({ min: 1, max: 128 })).max(512),
  correlationId: textSchema({ min: 1, max: 256 }).nullable(),
  causationId: textSchema({ min: 1, max: 256 }).nullable(),
})

export type AuditRecord = Readonly<z.infer<typeof auditRecordSchema>>
export type AuditOutcome = AuditRecord['outcome']
