import { type Id, idSchema, type StoreReader, UserEngineError } from '@user-engine/store-protocol'
import type { CompiledCatalog } from '../catalogs/compiled-catalogs.ts'
import type { CommandRun } from '../commands/command-run.ts'
import { requireFound, requireStatus } from '../commands/require-record.ts'

/** The fields of an input that say where the definitions come from. */
export const definitionSourceFields = {
  /** The application whose bound catalog defines the attributes, and whose values the level `application` means. */
  applicationId: idSchema.optional(),
  /** The published catalog that defines the attributes. */
  catalogId: idSchema.optional(),
}

/** Where the definitions of attributes come from. */
export interface DefinitionSource {
  readonly applicationId?: Id | undefined
  readonly catalogId?: Id | undefined
}

/** Whether exactly one source is named. */
export function namesOneSource({ applicationId, catalogId }: DefinitionSource): boolean {
  return (applicationId === undefined) !== (catalogId === undefined)
}

/**
 * Reads the catalog that defines the attributes. A bound catalog that is kept is not read again: the binding says which
 * one it is.
 * @throws UserEngineError `NOT_FOUND` when the application is not bound or there is no such catalog; `INVALID_STATE`
 * for a disabled binding or a catalog that is not published; `SCOPE_NOT_ALLOWED` for an application in a platform scope.
 */
export function readDefinitions(
  reader: StoreReader,
  { applicationId, catalogId }: DefinitionSource,
  run: CommandRun,
): Promise<CompiledCatalog> {
  if (catalogId !== undefined) return readPublishedCatalog(reader, catalogId, run)
  if (applicationId !== undefined) return readBoundCatalog(reader, applicationId, run)
  // The schemas demand a source before anything is read.
  throw new UserEngineError('INTERNAL', { reference: 'definition-source' })
}

/**
 * Reads the catalog that the tenant has bound the application to. A bound catalog may be retired: that ends new
 * bindings, not the ones there are.
 * @throws UserEngineError `NOT_FOUND`; `INVALID_STATE` for a disabled binding; `SCOPE_NOT_ALLOWED` in a platform scope.
 */
export async function readBoundCatalog(
  reader: StoreReader,
  applicationId: Id,
  { catalogs }: CommandRun,
): Promise<CompiledCatalog> {
  const binding = await reader.applicationBindings.findByApplication(applicationId)
  if (binding === null) throw new UserEngineError('NOT_FOUND', { entity: 'application-binding' })
  requireStatus('application-binding', binding, ['enabled'])
  const { catalogId } = binding
  return (
    catalogs.find(catalogId) ??
    catalogs.compile(requireFound('catalog', await reader.catalogs.get(catalogId), catalogId))
  )
}

async function readPublishedCatalog(
  reader: StoreReader,
  catalogId: Id,
  { catalogs }: CommandRun,
): Promise<CompiledCatalog> {
  // Its status may have changed since: it is read each time.
  const catalog = requireFound('catalog', await reader.catalogs.get(catalogId), catalogId)
  requireStatus('catalog', catalog, ['published'])
  return catalogs.find(catalogId) ?? catalogs.compile(catalog)
}
