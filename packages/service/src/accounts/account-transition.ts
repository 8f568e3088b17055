import {
  type Account,
  type AccountStatus,
  type StoreTransaction,
  UserEngineError,
} from '@user-engine/store-protocol'
import { type Command, defineCommand } from '../commands/command.ts'
import { type VersionedInput, versionedInputSchema } from '../commands/record-input.ts'
import { requireStatus, requireVersion } from '../commands/require-record.ts'

/** One step of an account's life: active and suspended lead to each other and to deactivated, which is final. */
export interface AccountTransition {
  readonly verb: 'suspend' | 'reactivate' | 'deactivate'
  readonly from: readonly AccountStatus[]
  readonly to: AccountStatus
  readonly event:
    | 'user-engine.account.suspended'
    | 'user-engine.account.reactivated'
    | 'user-engine.account.deactivated'
}

/** Declares the command that takes an account through one transition. */
export function defineAccountTransition({
  verb,
  from,
  to,
  event,
}: AccountTransition): Command<VersionedInput, Account> {
  return defineCommand({
    action: `account.${verb}`,
    input: versionedInputSchema,
    target: ({ id }) => ({ type: 'account', id }),
    async perform(tx, input, run): Promise<Account> {
      const { id, expectedVersion } = input
      const account = requireVersion('account', await tx.accounts.get(id), input)
      requireStatus('account', account, from)
      if (to === 'active') await requireUsableUser(tx, account)
      const changed: Account = { ...account, status: to, version: account.version + 1, updatedAt: run.now }
      void tx.accounts.update({ id, expectedVersion, set: { status: to }, updatedAt: run.now })
      run.record(tx, {
        target: run.target,
        changedFields: ['status'],
        event,
        aggregateId: id,
        payload: { accountId: id, userId: account.userId, status: to, version: changed.version },
      })
      return changed
    },
  })
}

async function requireUsableUser(tx: StoreTransaction, account: Account): Promise<void> {
  const user = await tx.users.get(account.userId)
  // Whoever sees the account sees its user [TEN-02], so a missing one says that the store is broken.
  if (user === null) throw new UserEngineError('INTERNAL', { reference: account.id })
  requireStatus('user', user, ['active', 'suspended'])
}
