import type { Account, Page } from '@user-engine/store-protocol'
import type { CommandContext } from '../commands/command-context.ts'
import type { CommandRunner } from '../commands/command-runner.ts'
import type { RecordInput, VersionedInput } from '../commands/record-input.ts'
import type { UserListInput } from '../commands/user-list-input.ts'
import { type CreateAccountInput, createAccount } from './create-account.ts'
import { deactivateAccount } from './deactivate-account.ts'
import { getAccount } from './get-account.ts'
import { listAccountsByUser } from './list-accounts-by-user.ts'
import { reactivateAccount } from './reactivate-account.ts'
import { suspendAccount } from './suspend-account.ts'
import { type UpdateAccountInput, updateAccount } from './update-account.ts'

/**
 * What can be done to accounts. Every method throws what {@link UserEngineService} says of all commands, and besides
 * what it says itself.
 */
export interface AccountCommands {
  /**
   * Creates an active account. In a tenant scope the account becomes visible there with its tenant account: create
   * both in one `engine.transaction`.
   * @throws UserEngineError `NOT_FOUND` for the user [TEN-04]; `INVALID_STATE` for a deactivated user; `DUPLICATE_KEY`.
   */
  create(context: CommandContext, input: CreateAccountInput): Promise<Account>
  /** Changes the name. One round trip. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT` [VER-02]. */
  update(context: CommandContext, input: UpdateAccountInput): Promise<Account>
  /** active → suspended. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`. */
  suspend(context: CommandContext, input: VersionedInput): Promise<Account>
  /**
   * suspended → active.
   * @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`, also for a deactivated user.
   */
  reactivate(context: CommandContext, input: VersionedInput): Promise<Account>
  /** active or suspended → deactivated, for good. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`. */
  deactivate(context: CommandContext, input: VersionedInput): Promise<Account>
  /** The account with this id, or `null` when the scope sees none [TEN-02]. */
  get(context: CommandContext, input: RecordInput): Promise<Account | null>
  /** The accounts of one user that the scope sees, by id ascending [QRY-01, QRY-02]. */
  listByUser(context: CommandContext, input: UserListInput): Promise<Page<Account>>
}

export function createAccountCommands(runner: CommandRunner): AccountCommands {
  return {
    create: (context, input) => runner.runCommand(createAccount, context, input),
    update: (context, input) => runner.runCommand(updateAccount, context, input),
    suspend: (context, input) => runner.runCommand(suspendAccount, context, input),
    reactivate: (context, input) => runner.runCommand(reactivateAccount, context, input),
    deactivate: (context, input) => runner.runCommand(deactivateAccount, context, input),
    get: (context, input) => runner.runQuery(getAccount, context, input),
    listByUser: (context, input) => runner.runQuery(listAccountsByUser, context, input),
  }
}
