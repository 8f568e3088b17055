import type { Membership } from '@user-engine/store-protocol'
import { defineCommand } from '../commands/command.ts'
import { versionedInputSchema } from '../commands/record-input.ts'
import { requireVersion } from '../commands/require-record.ts'
import { deleteMembership } from './write-membership.ts'

export const revokeMembership = defineCommand({
  action: 'membership.revoke',
  input: versionedInputSchema,
  target: ({ id }) => ({ type: 'membership', id }),
  async perform(tx, input, run): Promise<Membership> {
    const membership = requireVersion('membership', await tx.memberships.get(input.id), input)
    deleteMembership(tx, membership, run)
    return membership
  },
})
