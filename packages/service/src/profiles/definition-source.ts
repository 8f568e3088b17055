import {
  type Catalog,
  type Id,
  idSchema,
  type StoreReader,
  UserEngineError,
} from '@user-engine/store-protocol'
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
 * Reads the catalog that defines the attributes, in one call of the reader.
 * @throws UserEngineError `NOT_FOUND` when the application is not bound or there is no such catalog; `INVALID_STATE`
 * for a disabled binding or a catalog that is not published; `SCOPE_NOT_ALLOWED` for an application in a platform scope.
 */
export function readDefinitions(reader: StoreReader, source: DefinitionSource): Promise<Catalog> {
  const { applicationId, catalogId } = source
  if (catalogId !== undefined) return readPublishedCatalog(reader, catalogId)
  if (applicationId !== undefined) return readBoundCatalog(reader, applicationId)
  // The schemas demand a source before anything is read.
  throw new UserEngineError('INTERNAL', { reference: 'definition-source' })
}

/**
 * Reads the catalog that the tenant has bound the application to. A bound catalog may be retired: that ends new
 * bindings, not the ones there are.
 * @throws UserEngineError `NOT_FOUND`; `INVALID_STATE` for a disabled binding; `SCOPE_NOT_ALLOWED` in a platform scope.
 */
export async function readBoundCatalog(reader: StoreReader, applicationId: Id): Promise<Catalog> {
  const bound = await reader.applicationBindings.findBoundCatalog(applicationId)
  if (bound === null) throw new UserEngineError('NOT_FOUND', { entity: 'application-binding' })
  requireStatus('application-binding', bound.binding, ['enabled'])
  return bound.catalog
}

async function readPublishedCatalog(reader: StoreReader, catalogId: Id): Promise<Catalog> {
  const catalog = requireFound('catalog', await reader.catalogs.get(catalogId), catalogId)
  requireStatus('catalog', catalog, ['published'])
  return catalog
}
