import type { ApplicationBinding, Page } from '@user-engine/store-protocol'
import type { CommandContext } from '../commands/command-context.ts'
import type { CommandRunner } from '../commands/command-runner.ts'
import type { ListInput } from '../commands/page-input.ts'
import type { RecordInput, VersionedInput } from '../commands/record-input.ts'
import { type BindApplicationInput, bindApplication } from './bind-application.ts'
import { disableBinding } from './disable-binding.ts'
import { enableBinding } from './enable-binding.ts'
import { getBinding } from './get-binding.ts'
import { listBindings } from './list-bindings.ts'
import { type RebindApplicationInput, rebindApplication } from './rebind-application.ts'

/**
 * What can be done to application bindings, in the scope of their tenant; a platform scope gets `SCOPE_NOT_ALLOWED`.
 * Every method throws what {@link UserEngineService} says of all commands, and besides what it says itself.
 */
export interface ApplicationBindingCommands {
  /**
   * Lets the tenant use an application with one catalog version, enabled.
   * @throws UserEngineError `NOT_FOUND` for the application or the catalog; `INVALID_STATE` for a retired application
   * or a catalog that is not published; `VALIDATION` for the catalog of another application; `DUPLICATE_KEY` for the id
   * or an application that is bound already [IDN-03].
   */
  bind(context: CommandContext, input: BindApplicationInput): Promise<ApplicationBinding>
  /**
   * Pins another published catalog version.
   * @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`; `VALIDATION` for the catalog of another application.
   */
  rebind(context: CommandContext, input: RebindApplicationInput): Promise<ApplicationBinding>
  /** enabled → disabled: no profile is read or set through it. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`. */
  disable(context: CommandContext, input: VersionedInput): Promise<ApplicationBinding>
  /** disabled → enabled. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`. */
  enable(context: CommandContext, input: VersionedInput): Promise<ApplicationBinding>
  /** The binding with this id, or `null` when the tenant has none [TEN-01]. */
  get(context: CommandContext, input: RecordInput): Promise<ApplicationBinding | null>
  /** The tenant's bindings, by id ascending [QRY-01, QRY-02]. */
  list(context: CommandContext, input?: ListInput): Promise<Page<ApplicationBinding>>
}

export function createApplicationBindingCommands(runner: CommandRunner): ApplicationBindingCommands {
  return {
    bind: (context, input) => runner.runCommand(bindApplication, context, input),
    rebind: (context, input) => runner.runCommand(rebindApplication, context, input),
    disable: (context, input) => runner.runCommand(disableBinding, context, input),
    enable: (context, input) => runner.runCommand(enableBinding, context, input),
    get: (context, input) => runner.runQuery(getBinding, context, input),
    list: (context, input = {}) => runner.runQuery(listBindings, context, input),
  }
}
