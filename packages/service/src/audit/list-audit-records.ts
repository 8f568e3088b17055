import {
  AUDIT_ORDERS,
  type AuditRecord,
  auditRecordSchema,
  instantSchema,
  type Page,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineQuery } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { omitUndefined } from '../commands/omit-undefined.ts'
import { listInputSchema, pageOf } from '../commands/page-input.ts'

const { actor, target, action, outcome } = auditRecordSchema.shape

export const listAuditRecordsInputSchema = listInputSchema.extend({
  filter: z
    .strictObject({
      actor: actor.optional(),
      target: target.optional(),
      action: action.optional(),
      outcome: outcome.optional(),
      /** Only records that occurred at or after this instant. */
      from: instantSchema.optional(),
      /** Only records that occurred before this instant. */
      until: instantSchema.optional(),
    })
    .optional(),
  /** Default `oldest-first`. */
  order: z.enum(AUDIT_ORDERS).optional(),
})

export type ListAuditRecordsInput = InputOf<typeof listAuditRecordsInputSchema>

export const listAuditRecords = defineQuery({
  action: 'audit-record.list',
  input: listAuditRecordsInputSchema,
  target: () => ({ type: 'audit-record', id: '*' }),
  perform: (reader, input): Promise<Page<AuditRecord>> =>
    reader.audit.list({
      filter: omitUndefined(input.filter ?? {}),
      order: input.order ?? 'oldest-first',
      page: pageOf(input),
    }),
})
