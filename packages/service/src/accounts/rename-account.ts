import type { Account, Id, StoreTransaction, Version } from '@user-engine/store-protocol'
import type { CommandRun } from '../commands/command-run.ts'

/** A name for one version of an account. */
export interface AccountNameChange {
  readonly id: Id
  readonly expectedVersion: Version
  readonly name: Account['name']
}

/** Changes the name, with its audit record and event. */
export function renameAccount(tx: StoreTransaction, change: AccountNameChange, run: CommandRun): void {
  const { id, expectedVersion, name } = change
  const changedFields = ['name']
  void tx.accounts.update({ id, expectedVersion, set: { name }, updatedAt: run.now })
  run.record(tx, {
    action: 'account.update',
    target: { type: 'account', id },
    changedFields,
    event: 'user-engine.account.updated',
    aggregateId: id,
    payload: { accountId: id, version: expectedVersion + 1, changedFields },
  })
}
