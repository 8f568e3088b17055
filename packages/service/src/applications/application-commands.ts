import type { Application, Page } from '@user-engine/store-protocol'
import type { CommandContext } from '../commands/command-context.ts'
import type { CommandRunner } from '../commands/command-runner.ts'
import type { ListInput } from '../commands/page-input.ts'
import type { RecordInput, VersionedInput } from '../commands/record-input.ts'
import { getApplication } from './get-application.ts'
import { listApplications } from './list-applications.ts'
import { type RegisterApplicationInput, registerApplication } from './register-application.ts'
import { retireApplication } from './retire-application.ts'
import { type UpdateApplicationInput, updateApplication } from './update-application.ts'

/**
 * What can be done to applications: changed in a platform scope only, a tenant scope gets `SCOPE_NOT_ALLOWED`; read in
 * every scope. Every method throws what {@link UserEngineService} says of all commands, and besides what it says itself.
 */
export interface ApplicationCommands {
  /** Registers an active application. One round trip. @throws UserEngineError `DUPLICATE_KEY` for the id or the key [IDN-03]. */
  register(context: CommandContext, input: RegisterApplicationInput): Promise<Application>
  /** Changes the name. One round trip. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT` [VER-02]. */
  update(context: CommandContext, input: UpdateApplicationInput): Promise<Application>
  /**
   * active → retired, for good: no tenant can bind it any more; bindings that exist go on.
   * @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`.
   */
  retire(context: CommandContext, input: VersionedInput): Promise<Application>
  /** The application with this id, or `null`. */
  get(context: CommandContext, input: RecordInput): Promise<Application | null>
  /** All applications, by id ascending [QRY-01, QRY-02]. */
  list(context: CommandContext, input?: ListInput): Promise<Page<Application>>
}

export function createApplicationCommands(runner: CommandRunner): ApplicationCommands {
  return {
    register: (context, input) => runner.runCommand(registerApplication, context, input),
    update: (context, input) => runner.runCommand(updateApplication, context, input),
    retire: (context, input) => runner.runCommand(retireApplication, context, input),
    get: (context, input) => runner.runQuery(getApplication, context, input),
    list: (context, input = {}) => runner.runQuery(listApplications, context, input),
  }
}
