import type { Application } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { recordInputSchema } from '../commands/record-input.ts'

export const getApplication = defineQuery({
  action: 'application.get',
  input: recordInputSchema,
  target: ({ id }) => ({ type: 'application', id }),
  perform: (reader, { id }): Promise<Application | null> => reader.applications.get(id),
})
