import type { Page, User } from '@user-engine/store-protocol'
import type { CommandContext } from '../commands/command-context.ts'
import type { CommandRunner } from '../commands/command-runner.ts'
import type { ListInput } from '../commands/page-input.ts'
import type { RecordInput, VersionedInput } from '../commands/record-input.ts'
import { type CreateUserInput, createUser } from './create-user.ts'
import { deactivateUser } from './deactivate-user.ts'
import { getUser } from './get-user.ts'
import { listUsers } from './list-users.ts'
import { reactivateUser } from './reactivate-user.ts'
import { suspendUser } from './suspend-user.ts'
import { type UpdateUserInput, updateUser } from './update-user.ts'

/**
 * What can be done to users. Every method throws what {@link UserEngineService} says of all commands, and besides what
 * it says itself.
 */
export interface UserCommands {
  /** Creates an active user. One round trip. @throws UserEngineError `DUPLICATE_KEY` for an id that is taken [IDN-03]. */
  create(context: CommandContext, input: CreateUserInput): Promise<User>
  /** Changes the display name. One round trip. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT` [VER-02]. */
  update(context: CommandContext, input: UpdateUserInput): Promise<User>
  /** active → suspended. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`. */
  suspend(context: CommandContext, input: VersionedInput): Promise<User>
  /** suspended → active. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`. */
  reactivate(context: CommandContext, input: VersionedInput): Promise<User>
  /** active or suspended → deactivated, for good. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`. */
  deactivate(context: CommandContext, input: VersionedInput): Promise<User>
  /** The user with this id, or `null` when the scope sees none [TEN-02]. */
  get(context: CommandContext, input: RecordInput): Promise<User | null>
  /** The users the scope sees, by id ascending [QRY-01, QRY-02]. */
  list(context: CommandContext, input?: ListInput): Promise<Page<User>>
}

export function createUserCommands(runner: CommandRunner): UserCommands {
  return {
    create: (context, input) => runner.runCommand(createUser, context, input),
    update: (context, input) => runner.runCommand(updateUser, context, input),
    suspend: (context, input) => runner.runCommand(suspendUser, context, input),
    reactivate: (context, input) => runner.runCommand(reactivateUser, context, input),
    deactivate: (context, input) => runner.runCommand(deactivateUser, context, input),
    get: (context, input) => runner.runQuery(getUser, context, input),
    list: (context, input = {}) => runner.runQuery(listUsers, context, input),
  }
}
