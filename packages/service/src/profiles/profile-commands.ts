import type { Page, ProfileValue } from '@user-engine/store-protocol'
import type { CommandContext } from '../commands/command-context.ts'
import type { CommandRunner } from '../commands/command-runner.ts'
import { type ClearValueInput, clearValue } from './clear-value.ts'
import { type ClearValuesInput, clearValues } from './clear-values.ts'
import { type EffectiveProfile, type EffectiveProfileInput, effectiveProfile } from './effective-profile.ts'
import { type ListValuesInput, listValues } from './list-values.ts'
import { type SetValueInput, setValue } from './set-value.ts'
import { type SetValuesInput, setValues } from './set-values.ts'

/**
 * What can be done to profiles. Every method throws what {@link UserEngineService} says of all commands, and besides
 * what it says itself.
 *
 * The definitions come from the application's bound catalog, or from a published catalog. Without `expectedVersion` the
 * last writer wins, and a writer who was overtaken decides again a bounded number of times.
 */
export interface ProfileCommands {
  /**
   * Sets one value. A value that is there already under the same catalog is left alone: no new version, no audit
   * record, no event.
   * @throws UserEngineError `CATALOG_VIOLATION` when the attribute, the level or the value does not fit the catalog;
   * `ACCESS_DENIED` when the attribute's editors do not include the audience; `NOT_FOUND` for the user, the binding or
   * the catalog; `INVALID_STATE` for a disabled binding or a catalog that is not published; `VERSION_CONFLICT` [VER-02];
   * `SCOPE_NOT_ALLOWED` for a tenant's values in a platform scope.
   */
  setValue(context: CommandContext, input: SetValueInput): Promise<ProfileValue>
  /** Sets 1 to 100 values of one user, all or nothing, and returns them in the same order. @throws as `setValue`. */
  setValues(context: CommandContext, input: SetValuesInput): Promise<readonly ProfileValue[]>
  /** Clears one value and returns what was cleared, or `null` when there was none. @throws as `setValue`. */
  clearValue(context: CommandContext, input: ClearValueInput): Promise<ProfileValue | null>
  /** Clears 1 to 100 values of one user, all or nothing, and returns in the same order what was cleared. @throws as `setValue`. */
  clearValues(context: CommandContext, input: ClearValuesInput): Promise<readonly (ProfileValue | null)[]>
  /**
   * What an application may know about a user in the tenant: application value over tenant value over global value over
   * default, limited to the bound catalog's attributes and to those the audience may view. All of it is of one moment [TXN-07].
   * @throws UserEngineError `NOT_FOUND` for the user or the binding; `INVALID_STATE` for a disabled binding.
   */
  effective(context: CommandContext, input: EffectiveProfileInput): Promise<EffectiveProfile>
  /** The stored values themselves, whoever may view them, by attribute key, then level [QRY-01, QRY-02]. */
  listValues(context: CommandContext, input: ListValuesInput): Promise<Page<ProfileValue>>
}

export function createProfileCommands(runner: CommandRunner): ProfileCommands {
  return {
    setValue: (context, input) => runner.runCommand(setValue, context, input),
    setValues: (context, input) => runner.runCommand(setValues, context, input),
    clearValue: (context, input) => runner.runCommand(clearValue, context, input),
    clearValues: (context, input) => runner.runCommand(clearValues, context, input),
    effective: (context, input) => runner.runQuery(effectiveProfile, context, input),
    listValues: (context, input) => runner.runQuery(listValues, context, input),
  }
}
