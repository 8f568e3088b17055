import type { AuditRecord } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { recordInputSchema } from '../commands/record-input.ts'

export const getAuditRecord = defineQuery({
  action: 'audit-record.get',
  input: recordInputSchema,
  target: ({ id }) => ({ type: 'audit-record', id }),
  perform: (reader, { id }): Promise<AuditRecord | null> => reader.audit.get(id),
})
