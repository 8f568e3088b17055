import type { VersionedUpdate } from '../changes.ts'
import type { Page, PageRequest } from '../page.ts'
import type { Id } from '../values/identifiers.ts'
import type { TenantAccount, TenantAccountChanges } from './tenant-account.ts'

/** Reads tenant accounts: in a tenant scope its own, in a platform scope only the lists across tenants [TEN-01]. */
export interface TenantAccountReader {
  /**
   * The tenant account with this id, or `null`. Tenant scope only.
   * @throws UserEngineError `SCOPE_NOT_ALLOWED` in a platform scope.
   */
  get(id: Id): Promise<TenantAccount | null>
  /**
   * The presence of one account in the tenant, or `null`. Tenant scope only.
   * @throws UserEngineError `SCOPE_NOT_ALLOWED` in a platform scope.
   */
  findByAccount(accountId: Id): Promise<TenantAccount | null>
  /**
   * The tenant accounts of the tenant, by id ascending. Tenant scope only [QRY-01, QRY-02].
   * @throws UserEngineError `SCOPE_NOT_ALLOWED` in a platform scope.
   */
  list(page?: PageRequest): Promise<Page<TenantAccount>>
  /**
   * The tenant accounts of one user that the scope sees, by tenant id and then id ascending: in a platform scope
   * all tenants the user is in, in a tenant scope that tenant's [QRY-01, QRY-02].
   */
  listByUser(request: { readonly userId: Id; readonly page?: PageRequest }): Promise<Page<TenantAccount>>
}

/** Writes tenant accounts [TXN-08, TXN-10]. */
export interface TenantAccountWriter {
  /**
   * Adds the presence of an account in a tenant. In a tenant scope the account must be visible there or inserted
   * by the same transaction; bringing an account of elsewhere into a tenant is a platform scope's work.
   * @throws UserEngineError `VALIDATION`; `TENANT_BOUNDARY` when another tenant is named [TEN-01]; `NOT_FOUND` when
   * the scope sees no such account of that user [TEN-04]; `DUPLICATE_KEY` for the id or (tenantId, accountId) [IDN-03].
   */
  insert(tenantAccount: TenantAccount): Promise<void>
  /**
   * Changes a tenant account. Tenant scope only.
   * @throws UserEngineError `VALIDATION`; `NOT_FOUND`; `VERSION_CONFLICT` [VER-02]; `SCOPE_NOT_ALLOWED`.
   */
  update(change: VersionedUpdate<TenantAccountChanges>): Promise<void>
}
