import type { Account } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { recordInputSchema } from '../commands/record-input.ts'

export const getAccount = defineQuery({
  action: 'account.get',
  input: recordInputSchema,
  target: ({ id }) => ({ type: 'account', id }),
  perform: (reader, { id }): Promise<Account | null> => reader.accounts.get(id),
})
