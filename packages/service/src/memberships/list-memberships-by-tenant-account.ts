import { idSchema, type Membership, type Page } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { listInputSchema, pageOf } from '../commands/page-input.ts'

export const listMembershipsByTenantAccountInputSchema = listInputSchema.extend({
  tenantAccountId: idSchema,
})

export type ListMembershipsByTenantAccountInput = InputOf<typeof listMembershipsByTenantAccountInputSchema>

export const listMembershipsByTenantAccount = defineQuery({
  action: 'membership.list-by-tenant-account',
  input: listMembershipsByTenantAccountInputSchema,
  target: ({ tenantAccountId }) => ({ type: 'tenant-account', id: tenantAccountId }),
  perform: (reader, input): Promise<Page<Membership>> =>
    reader.memberships.listByTenantAccount({
      tenantAccountId: input.tenantAccountId,
      page: pageOf(input),
    }),
})
