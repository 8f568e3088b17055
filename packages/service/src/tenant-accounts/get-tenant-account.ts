import type { TenantAccount } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { recordInputSchema } from '../commands/record-input.ts'

export const getTenantAccount = defineQuery({
  action: 'tenant-account.get',
  input: recordInputSchema,
  target: ({ id }) => ({ type: 'tenant-account', id }),
  perform: (reader, { id }): Promise<TenantAccount | null> => reader.tenantAccounts.get(id),
})
