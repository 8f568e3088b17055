import type { Catalog, Page } from '@user-engine/store-protocol'
import type { CommandContext } from '../commands/command-context.ts'
import type { CommandRunner } from '../commands/command-runner.ts'
import type { ListInput } from '../commands/page-input.ts'
import type { RecordInput, VersionedInput } from '../commands/record-input.ts'
import { type DraftCatalogInput, draftCatalog } from './draft-catalog.ts'
import { type EditDraftInput, editDraft } from './edit-draft.ts'
import { getCatalog } from './get-catalog.ts'
import { type ListCatalogVersionsInput, listCatalogVersions } from './list-catalog-versions.ts'
import { listCatalogs } from './list-catalogs.ts'
import { publishCatalog } from './publish-catalog.ts'
import { retireCatalog } from './retire-catalog.ts'

/**
 * What can be done to catalogs: changed in a platform scope only, a tenant scope gets `SCOPE_NOT_ALLOWED`; read in
 * every scope. Every method throws what {@link UserEngineService} says of all commands, and besides what it says itself.
 */
export interface CatalogCommands {
  /**
   * Starts a new version of a catalog family.
   * @throws UserEngineError `NOT_FOUND` for the application; `DUPLICATE_KEY` for the id or a given version that exists [IDN-03].
   */
  draft(context: CommandContext, input: DraftCatalogInput): Promise<Catalog>
  /** Replaces the attributes of a draft. One round trip. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`. */
  editDraft(context: CommandContext, input: EditDraftInput): Promise<Catalog>
  /**
   * draft → published, for good: its attributes never change again. Says in `breakingChanges` what it breaks against
   * the published version before it.
   * @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`; `VALIDATION` for an empty catalog, a key that
   * occurs twice, constraints that do not fit their type, and defaults that do not fit their own constraints.
   */
  publish(context: CommandContext, input: VersionedInput): Promise<Catalog>
  /**
   * published → retired: no tenant can bind it any more; bindings that exist go on.
   * @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT`; `INVALID_STATE`.
   */
  retire(context: CommandContext, input: VersionedInput): Promise<Catalog>
  /** The catalog with this id, or `null`. */
  get(context: CommandContext, input: RecordInput): Promise<Catalog | null>
  /** All catalogs, by id ascending [QRY-01, QRY-02]. */
  list(context: CommandContext, input?: ListInput): Promise<Page<Catalog>>
  /** The versions of one family, the latest first [QRY-01, QRY-02]. */
  listVersions(context: CommandContext, input: ListCatalogVersionsInput): Promise<Page<Catalog>>
}

export function createCatalogCommands(runner: CommandRunner): CatalogCommands {
  return {
    draft: (context, input) => runner.runCommand(draftCatalog, context, input),
    editDraft: (context, input) => runner.runCommand(editDraft, context, input),
    publish: (context, input) => runner.runCommand(publishCatalog, context, input),
    retire: (context, input) => runner.runCommand(retireCatalog, context, input),
    get: (context, input) => runner.runQuery(getCatalog, context, input),
    list: (context, input = {}) => runner.runQuery(listCatalogs, context, input),
    listVersions: (context, input) => runner.runQuery(listCatalogVersions, context, input),
  }
}
