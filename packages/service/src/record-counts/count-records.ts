import type { RecordCounts } from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineQuery } from '../commands/command.ts'

export const countRecords = defineQuery({
  action: 'record.count',
  input: z.strictObject({}),
  // Counts are of every kind at once; the audit log stands for what the scope keeps.
  target: () => ({ type: 'audit-record', id: '*' }),
  perform: (reader): Promise<RecordCounts> => reader.countRecords(),
})
