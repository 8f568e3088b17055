import type { ApplicationBinding } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { recordInputSchema } from '../commands/record-input.ts'

export const getBinding = defineQuery({
  action: 'application-binding.get',
  input: recordInputSchema,
  target: ({ id }) => ({ type: 'application-binding', id }),
  perform: (reader, { id }): Promise<ApplicationBinding | null> => reader.applicationBindings.get(id),
})
