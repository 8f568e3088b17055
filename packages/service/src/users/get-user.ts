import type { User } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { recordInputSchema } from '../commands/record-input.ts'

export const getUser = defineQuery({
  action: 'user.get',
  input: recordInputSchema,
  target: ({ id }) => ({ type: 'user', id }),
  perform: (reader, { id }): Promise<User | null> => reader.users.get(id),
})
