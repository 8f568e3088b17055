import type { Page, TenantAccount } from '@user-engine/store-protocol'
import type { CommandContext } from '../commands/command-context.ts'
import type { CommandRunner } from '../commands/command-runner.ts'
import type { ListInput } from '../commands/page-input.ts'
import type { RecordInput, VersionedInput } from '../commands/record-input.ts'
import type { UserListInput } from '../commands/user-list-input.ts'
import { getTenantAccount } from './get-tenant-account.ts'
import { type InviteAccountInput, inviteAccount } from './invite-account.ts'
import { joinTenant } from './join-tenant.ts'
import { leaveTenant } from './leave-tenant.ts'
import { listTenantAccounts } from './list-tenant-accounts.ts'
import { listTenantAccountsByUser } from './list-tenant-accounts-by-user.ts'
import { reactivateTenantAccount } from './reactivate-tenant-account.ts'
import { suspendTenantAccount } from './suspend-tenant-account.ts'

/**
 * What can be done to the presence of accounts in tenants. Besides `invite` and `listByUser` everything is done in the
 * tenant's own scope; a platform scope gets `SCOPE_NOT_ALLOWED`. Every method throws what {@link UserEngineService}
 * says of all commands, and besides what it says itself.
 */
export interface TenantAccountCommands {
  /**
   * Invites an account into a tenant; one that has left is invited again under its old tenant account. A tenant scope
   * invites accounts it sees or has created in the same transaction; bringing in any other account is a platform
   * scope's work, and there the audit record and the event belong to the tenant that is named.
   * @throws UserEngineError `NOT_FOUND` for the account [TEN-04]; `INVALID_STATE` for a deactivated account and for one
   * that is invited, active or suspended already; `DUPLICATE_KEY` for the same in a platform scope, and for the id;
   * `TENANT_BOUNDARY` when a tenant scope names another tenant [TEN-01].
   */
  invite(context: CommandContext, input: InviteAccountInput): Promise<TenantAccount>
  /** invited → active. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`. */
  join(context: CommandContext, input: VersionedInput): Promise<TenantAccount>
  /** active → suspended. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`. */
  suspend(context: CommandContext, input: VersionedInput): Promise<TenantAccount>
  /** suspended → active. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`. */
  reactivate(context: CommandContext, input: VersionedInput): Promise<TenantAccount>
  /** invited, active or suspended → left. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`. */
  leave(context: CommandContext, input: VersionedInput): Promise<TenantAccount>
  /** The tenant account with this id, or `null` when the tenant has none [TEN-01]. */
  get(context: CommandContext, input: RecordInput): Promise<TenantAccount | null>
  /** The tenant accounts of the tenant, by id ascending [QRY-01, QRY-02]. */
  list(context: CommandContext, input?: ListInput): Promise<Page<TenantAccount>>
  /** Where a user is: in a platform scope all tenants, in a tenant scope that one; by tenant id, then id [QRY-02]. */
  listByUser(context: CommandContext, input: UserListInput): Promise<Page<TenantAccount>>
}

export function createTenantAccountCommands(runner: CommandRunner): TenantAccountCommands {
  return {
    invite: (context, input) => runner.runCommand(inviteAccount, context, input),
    join: (context, input) => runner.runCommand(joinTenant, context, input),
    suspend: (context, input) => runner.runCommand(suspendTenantAccount, context, input),
    reactivate: (context, input) => runner.runCommand(reactivateTenantAccount, context, input),
    leave: (context, input) => runner.runCommand(leaveTenant, context, input),
    get: (context, input) => runner.runQuery(getTenantAccount, context, input),
    list: (context, input = {}) => runner.runQuery(listTenantAccounts, context, input),
    listByUser: (context, input) => runner.runQuery(listTenantAccountsByUser, context, input),
  }
}
