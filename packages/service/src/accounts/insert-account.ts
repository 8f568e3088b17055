import type { Account, StoreTransaction } from '@user-engine/store-protocol'
import type { CommandRun } from '../commands/command-run.ts'

/** Inserts an active account, with its audit record and event. */
export function insertAccount(
  tx: StoreTransaction,
  fields: Pick<Account, 'id' | 'userId' | 'kind' | 'name'>,
  run: CommandRun,
): Account {
  const account: Account = {
    ...fields,
    status: 'active',
    version: 1,
    createdAt: run.now,
    updatedAt: run.now,
  }
  const { id, userId, status, version } = account
  void tx.accounts.insert(account)
  run.record(tx, {
    action: 'account.create',
    target: { type: 'account', id },
    changedFields: ['userId', 'kind', 'name', 'status'],
    event: 'user-engine.account.created',
    aggregateId: id,
    payload: { accountId: id, userId, status, version },
  })
  return account
}
