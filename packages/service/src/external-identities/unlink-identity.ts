import type { ExternalIdentity } from '@user-engine/store-protocol'
import { defineCommand } from '../commands/command.ts'
import { versionedInputSchema } from '../commands/record-input.ts'
import { requireVersion } from '../commands/require-record.ts'

export const unlinkIdentity = defineCommand({
  action: 'external-identity.unlink',
  input: versionedInputSchema,
  target: ({ id }) => ({ type: 'external-identity', id }),
  async perform(tx, input, run): Promise<ExternalIdentity> {
    const { id, expectedVersion } = input
    const identity = requireVersion('external-identity', await tx.externalIdentities.get(id), input)
    void tx.externalIdentities.delete({ id, expectedVersion })
    run.record(tx, {
      target: run.target,
      changedFields: ['userId', 'issuer', 'subject'],
      event: 'user-engine.external-identity.unlinked',
      aggregateId: id,
      payload: { externalIdentityId: id, userId: identity.userId },
    })
    return identity
  },
})
