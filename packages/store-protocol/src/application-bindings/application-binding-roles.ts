import type { VersionedUpdate } from '../changes.ts'
import type { Page, PageRequest } from '../page.ts'
import type { Id } from '../values/identifiers.ts'
import type { ApplicationBinding, ApplicationBindingChanges } from './application-binding.ts'

/**
 * Reads the application bindings of a tenant. Tenant scope only: every method throws UserEngineError
 * `SCOPE_NOT_ALLOWED` in a platform scope.
 */
export interface ApplicationBindingReader {
  /** The binding with this id, or `null` when the tenant has none [TEN-01]. */
  get(id: Id): Promise<ApplicationBinding | null>
  /** The tenant's binding of one application, or `null`. */
  findByApplication(applicationId: Id): Promise<ApplicationBinding | null>
  /** The tenant's bindings, by id ascending [QRY-01, QRY-02]. */
  list(page?: PageRequest): Promise<Page<ApplicationBinding>>
}

/** Writes application bindings. Tenant scope only [TXN-08, TXN-10]. */
export interface ApplicationBindingWriter {
  /**
   * @throws UserEngineError `VALIDATION`; `SCOPE_NOT_ALLOWED`; `TENANT_BOUNDARY`; `NOT_FOUND` for the application or
   * the catalog; `DUPLICATE_KEY` for the id or (tenantId, applicationId) [IDN-03].
   */
  insert(binding: ApplicationBinding): Promise<void>
  /** @throws UserEngineError `VALIDATION`; `SCOPE_NOT_ALLOWED`; `NOT_FOUND`; `VERSION_CONFLICT` [VER-02]. */
  update(change: VersionedUpdate<ApplicationBindingChanges>): Promise<void>
}
