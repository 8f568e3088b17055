import { type Membership, membershipSchema, type Page } from '@user-engine/store-protocol'
import { defineQuery } from '../commands/command.ts'
import type { InputOf } from '../commands/input-of.ts'
import { listInputSchema, pageOf } from '../commands/page-input.ts'

export const listMembershipsByGroupInputSchema = listInputSchema.extend({
  group: membershipSchema.shape.group,
})

export type ListMembershipsByGroupInput = InputOf<typeof listMembershipsByGroupInputSchema>

export const listMembershipsByGroup = defineQuery({
  action: 'membership.list-by-group',
  input: listMembershipsByGroupInputSchema,
  target: ({ group }) => ({ type: 'membership', id: `group:${group}` }),
  perform: (reader, input): Promise<Page<Membership>> =>
    reader.memberships.listByGroup({ group: input.group, page: pageOf(input) }),
})
