import type { Membership, Page } from '@user-engine/store-protocol'
import type { CommandContext } from '../commands/command-context.ts'
import type { CommandRunner } from '../commands/command-runner.ts'
import type { VersionedInput } from '../commands/record-input.ts'
import { type GrantMembershipInput, grantMembership } from './grant-membership.ts'
import { type ListMembershipsByGroupInput, listMembershipsByGroup } from './list-memberships-by-group.ts'
import {
  type ListMembershipsByTenantAccountInput,
  listMembershipsByTenantAccount,
} from './list-memberships-by-tenant-account.ts'
import { revokeMembership } from './revoke-membership.ts'
import { type UpdateMembershipInput, updateMembership } from './update-membership.ts'

/**
 * What can be done to memberships, in the scope of their tenant; a platform scope gets `SCOPE_NOT_ALLOWED`. Every
 * method throws what {@link UserEngineService} says of all commands, and besides what it says itself.
 */
export interface MembershipCommands {
  /**
   * Gives a tenant account a role in a group. One round trip.
   * @throws UserEngineError `NOT_FOUND` for the tenant account; `DUPLICATE_KEY` for the id or the same group and role [IDN-03].
   */
  grant(context: CommandContext, input: GrantMembershipInput): Promise<Membership>
  /** Takes it away and returns what was taken. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT` [VER-02]. */
  revoke(context: CommandContext, input: VersionedInput): Promise<Membership>
  /** Changes when it holds; an absent field stays, `null` is without limit [VAL-03]. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`. */
  update(context: CommandContext, input: UpdateMembershipInput): Promise<Membership>
  /** The memberships of one tenant account, by group and then role [QRY-01, QRY-02]. */
  listByTenantAccount(
    context: CommandContext,
    input: ListMembershipsByTenantAccountInput,
  ): Promise<Page<Membership>>
  /** The memberships in one group, by id ascending [QRY-01, QRY-02]. */
  listByGroup(context: CommandContext, input: ListMembershipsByGroupInput): Promise<Page<Membership>>
}

export function createMembershipCommands(runner: CommandRunner): MembershipCommands {
  return {
    grant: (context, input) => runner.runCommand(grantMembership, context, input),
    revoke: (context, input) => runner.runCommand(revokeMembership, context, input),
    update: (context, input) => runner.runCommand(updateMembership, context, input),
    listByTenantAccount: (context, input) => runner.runQuery(listMembershipsByTenantAccount, context, input),
    listByGroup: (context, input) => runner.runQuery(listMembershipsByGroup, context, input),
  }
}
