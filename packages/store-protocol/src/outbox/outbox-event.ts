import * as z from 'zod'
import { idSchema, tenantIdSchema } from '../values/identifiers.ts'
import { instantSchema } from '../values/instant.ts'
import { jsonObjectSchema } from '../values/json-value.ts'
import { textSchema } from '../values/text.ts'

/** A fact that leaves with the transaction that made it true. Append-only; leaves as a CloudEvents 1.0 envelope. */
export const outboxEventSchema = z.strictObject({
  id: idSchema,
  /** The tenant it belongs to; `null` is the platform. */
  tenantId: tenantIdSchema.nullable(),
  /** What the event is about; events of one (aggregateType, aggregateId) are handed over in commit order [OBX-05]. */
  aggregateType: textSchema({ min: 1, max: 64 }),
  aggregateId: textSchema({ min: 1, max: 256 }),
  /** The name of the fact, for example `user-engine.user.suspended`. */
  type: textSchema({ min: 1, max: 128 }),
  /** The version of the payload's shape, from 1. */
  schemaVersion: z.int().min(1),
  payload: jsonObjectSchema,
  occurredAt: instantSchema,
  correlationId: textSchema({ min: 1, max: 256 }).nullable(),
  causationId: textSchema({ min: 1, max: 256 }).nullable(),
})

export type OutboxEvent = Readonly<z.infer<typeof outboxEventSchema>>
