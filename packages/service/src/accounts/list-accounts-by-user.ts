import type { Account, Page } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { pageOf } from '../commands/page-input.ts'
import { userListInputSchema } from '../commands/user-list-input.ts'

export const listAccountsByUser = defineQuery({
  action: 'account.list-by-user',
  input: userListInputSchema,
  target: ({ userId }) => ({ type: 'user', id: userId }),
  perform: (reader, input): Promise<Page<Account>> =>
    reader.accounts.listByUser({ userId: input.userId, page: pageOf(input) }),
})
