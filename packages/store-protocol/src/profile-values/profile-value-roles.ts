import type { VersionedDelete, VersionedUpdate } from '../changes.ts'
import type { Page, PageRequest } from '../page.ts'
import type { Id, Key } from '../values/identifiers.ts'
import type { ProfileScope, ProfileValue, ProfileValueChanges } from './profile-value.ts'

/** The natural key of a profile value. A whole value may stand where its key is asked for. */
export interface ProfileValueKey {
  readonly userId: Id
  readonly scope: ProfileScope
  readonly attributeKey: Key
}

/**
 * Reads profile values: in a tenant scope the values of the tenant and the global values of the users it sees, in a
 * platform scope the global values [TEN-01, TEN-02].
 */
export interface ProfileValueReader {
  /** The value under this key, or `null`. A key that names another tenant is a miss. */
  find(key: ProfileValueKey): Promise<ProfileValue | null>
  /**
   * The values that make up one user's profile in this scope: global, then the tenant's, then those of the
   * application if one is named; by attribute key, then level (global, tenant, application) ascending [QRY-01, QRY-02].
   */
  listByUser(request: {
    readonly userId: Id
    /** Include the values of this application within the tenant; ignored in a platform scope. */
    readonly applicationId?: Id
    readonly page?: PageRequest
  }): Promise<Page<ProfileValue>>
}

/** Writes profile values: global ones in any scope that sees the user, others in their tenant's scope [TXN-08, TXN-10]. */
export interface ProfileValueWriter {
  /**
   * @throws UserEngineError `VALIDATION`; `TENANT_BOUNDARY` when another tenant is named; `SCOPE_NOT_ALLOWED` for a
   * tenant's value in a platform scope; `NOT_FOUND` when the scope does not see the user or the application;
   * `DUPLICATE_KEY` for the id or (userId, scope, attributeKey) [IDN-03].
   */
  insert(value: ProfileValue): Promise<void>
  /**
   * @throws UserEngineError `VALIDATION`; `SCOPE_NOT_ALLOWED` for a tenant's value in a platform scope; `NOT_FOUND`;
   * `VERSION_CONFLICT` [VER-02].
   */
  update(
    change: VersionedUpdate<ProfileValueChanges> & { readonly level: ProfileScope['level'] },
  ): Promise<void>
  /** @throws UserEngineError like `update`. */
  delete(removal: VersionedDelete & { readonly level: ProfileScope['level'] }): Promise<void>
}
