import type { Page, TenantAccount } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { listInputSchema, pageOf } from '../commands/page-input.ts'

export const listTenantAccounts = defineQuery({
  action: 'tenant-account.list',
  input: listInputSchema,
  target: () => ({ type: 'tenant-account', id: '*' }),
  perform: (reader, input): Promise<Page<TenantAccount>> => reader.tenantAccounts.list(pageOf(input)),
})
