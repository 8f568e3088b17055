import type { ExternalIdentity, Page } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import { pageOf } from '../commands/page-input.ts'
import { userListInputSchema } from '../commands/user-list-input.ts'

export const listIdentitiesByUser = defineQuery({
  action: 'external-identity.list-by-user',
  input: userListInputSchema,
  target: ({ userId }) => ({ type: 'user', id: userId }),
  perform: (reader, input): Promise<Page<ExternalIdentity>> =>
    reader.externalIdentities.listByUser({ userId: input.userId, page: pageOf(input) }),
})
