import type { Id, StoreTransaction, User, Version } from '@user-engine/store-protocol'
import type { CommandRun } from '../commands/command-run.ts'

/** A display name for one version of a user. */
export interface DisplayNameChange {
  readonly id: Id
  readonly expectedVersion: Version
  readonly displayName: User['displayName']
  readonly changedFields: string[]
}

/** Changes the display name, with its audit record and event. */
export function changeDisplayName(tx: StoreTransaction, change: DisplayNameChange, run: CommandRun): void {
  const { id, expectedVersion, displayName, changedFields } = change
  void tx.users.update({ id, expectedVersion, set: { displayName }, updatedAt: run.now })
  run.record(tx, {
    action: 'user.update',
    target: { type: 'user', id },
    changedFields,
    event: 'user-engine.user.updated',
    aggregateId: id,
    payload: { userId: id, version: expectedVersion + 1, changedFields },
  })
}
