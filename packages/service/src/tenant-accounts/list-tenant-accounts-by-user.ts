import type { Page, TenantAccount } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { pageOf } from '../commands/page-input.ts'
import { userListInputSchema } from '../commands/user-list-input.ts'

export const listTenantAccountsByUser = defineQuery({
  action: 'tenant-account.list-by-user',
  input: userListInputSchema,
  target: ({ userId }) => ({ type: 'user', id: userId }),
  perform: (reader, input): Promise<Page<TenantAccount>> =>
    reader.tenantAccounts.listByUser({ userId: input.userId, page: pageOf(input) }),
})
