import type { Membership, StoreTransaction } from '@user-engine/store-protocol'
import type { CommandRun } from '../commands/command-run.ts'

/** Inserts a membership, with its audit record and event. */
export function insertMembership(
  tx: StoreTransaction,
  fields: Omit<Membership, 'version' | 'createdAt' | 'updatedAt'>,
  run: CommandRun,
): Membership {
  const membership: Membership = { ...fields, version: 1, createdAt: run.now, updatedAt: run.now }
  void tx.memberships.insert(membership)
  run.record(tx, {
    action: 'membership.grant',
    target: { type: 'membership', id: membership.id },
    changedFields: ['tenantAccountId', 'group', 'role', 'validFrom', 'validUntil'],
    event: 'user-engine.membership.granted',
    aggregateId: membership.tenantAccountId,
    payload: { ...namesOf(membership), version: membership.version },
  })
  return membership
}

/** Changes the validity of a membership, with its audit record and event. */
export function changeValidity(
  tx: StoreTransaction,
  change: {
    readonly current: Membership
    readonly set: Partial<Pick<Membership, 'validFrom' | 'validUntil'>>
  },
  run: CommandRun,
): Membership {
  const { current, set } = change
  const { id, version: expectedVersion } = current
  const membership: Membership = {
    ...current,
    ...set,
    version: expectedVersion + 1,
    updatedAt: run.now,
  }
  const changedFields = Object.keys(set)
  void tx.memberships.update({ id, expectedVersion, set, updatedAt: run.now })
  run.record(tx, {
    action: 'membership.update',
    target: { type: 'membership', id },
    changedFields,
    event: 'user-engine.membership.updated',
    aggregateId: membership.tenantAccountId,
    payload: { ...namesOf(membership), version: membership.version, changedFields },
  })
  return membership
}

/** Deletes a membership, with its audit record and event. */
export function deleteMembership(tx: StoreTransaction, membership: Membership, run: CommandRun): void {
  const { id, version: expectedVersion } = membership
  void tx.memberships.delete({ id, expectedVersion })
  run.record(tx, {
    action: 'membership.revoke',
    target: { type: 'membership', id },
    changedFields: ['tenantAccountId', 'group', 'role'],
    event: 'user-engine.membership.revoked',
    aggregateId: membership.tenantAccountId,
    payload: namesOf(membership),
  })
}

// A consumer cannot look a revoked membership up any more: group and role, which are keys, travel with the event.
function namesOf({ id, tenantAccountId, group, role }: Membership) {
  return { membershipId: id, tenantAccountId, group, role }
}
