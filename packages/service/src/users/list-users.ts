import type { Page, User } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { listInputSchema, pageOf } from '../commands/page-input.ts'

export const listUsers = defineQuery({
  action: 'user.list',
  input: listInputSchema,
  target: () => ({ type: 'user', id: '*' }),
  perform: (reader, input): Promise<Page<User>> => reader.users.list(pageOf(input)),
})
