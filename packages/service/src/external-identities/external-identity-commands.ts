import type { ExternalIdentity, Page, ResolvedIdentity } from '@user-engine/store-protocol'
import type { CommandContext } from '../commands/command-context.ts'
import type { CommandRunner } from '../commands/command-runner.ts'
import type { VersionedInput } from '../commands/record-input.ts'
import type { UserListInput } from '../commands/user-list-input.ts'
import { type LinkIdentityInput, linkIdentity } from './link-identity.ts'
import { listIdentitiesByUser } from './list-identities-by-user.ts'
import { type ResolveIdentityInput, resolveIdentity } from './resolve-identity.ts'
import { unlinkIdentity } from './unlink-identity.ts'

/**
 * What can be done to external identities. Every method throws what {@link UserEngineService} says of all commands,
 * and besides what it says itself.
 */
export interface ExternalIdentityCommands {
  /**
   * Links an outside sign-in to a user. One round trip.
   * @throws UserEngineError `NOT_FOUND` for the user [TEN-04]; `DUPLICATE_IDENTITY` without a word about whose it is
   * [IDN-01, IDN-02]; `DUPLICATE_KEY` for the id.
   */
  link(context: CommandContext, input: LinkIdentityInput): Promise<ExternalIdentity>
  /** Unlinks it and returns what was unlinked. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT` [VER-02]. */
  unlink(context: CommandContext, input: VersionedInput): Promise<ExternalIdentity>
  /** Who signs in as (issuer, subject), compared byte by byte; `null` when the scope sees nobody [IDN-01, IDN-04]. */
  resolve(context: CommandContext, input: ResolveIdentityInput): Promise<ResolvedIdentity | null>
  /** The identities of one user that the scope sees, by id ascending [QRY-01, QRY-02]. */
  listByUser(context: CommandContext, input: UserListInput): Promise<Page<ExternalIdentity>>
}

export function createExternalIdentityCommands(runner: CommandRunner): ExternalIdentityCommands {
  return {
    link: (context, input) => runner.runCommand(linkIdentity, context, input),
    unlink: (context, input) => runner.runCommand(unlinkIdentity, context, input),
    resolve: (context, input) => runner.runQuery(resolveIdentity, context, input),
    listByUser: (context, input) => runner.runQuery(listIdentitiesByUser, context, input),
  }
}
