import { type Catalog, type Id, UserEngineError } from '@user-engine/store-protocol'
import { requireFound, requireStatus } from '../commands/require-record.ts'

/**
 * The catalog, if a binding of the application may pin it: published, and the application's own or the platform's.
 * @throws UserEngineError `NOT_FOUND`; `INVALID_STATE`; `VALIDATION` for the catalog of another application.
 */
export function requireBindableCatalog(
  found: Catalog | null,
  binding: { readonly applicationId: Id; readonly catalogId: Id },
): Catalog {
  const catalog = requireFound('catalog', found, binding.catalogId)
  if (catalog.applicationId !== null && catalog.applicationId !== binding.applicationId) {
    throw new UserEngineError('VALIDATION', {
      issues: [{ path: 'catalogId', expected: 'a catalog of this application or of the platform' }],
    })
  }
  requireStatus('catalog', catalog, ['published'])
  return catalog
}
