import type { ExternalIdentity, StoreTransaction } from '@user-engine/store-protocol'
import type { CommandRun } from '../commands/command-run.ts'

/** Inserts an external identity, with its audit record and event; neither says issuer or subject [DIA-02]. */
export function insertIdentity(
  tx: StoreTransaction,
  fields: Pick<ExternalIdentity, 'id' | 'userId' | 'issuer' | 'subject'>,
  run: CommandRun,
): ExternalIdentity {
  const identity: ExternalIdentity = { ...fields, version: 1, createdAt: run.now, updatedAt: run.now }
  const { id, userId, version } = identity
  void tx.externalIdentities.insert(identity)
  run.record(tx, {
    action: 'external-identity.link',
    target: { type: 'external-identity', id },
    changedFields: ['userId', 'issuer', 'subject'],
    event: 'user-engine.external-identity.linked',
    aggregateId: id,
    payload: { externalIdentityId: id, userId, version },
  })
  return identity
}
