import type { VersionedDelete, VersionedUpdate } from '../changes.ts'
import type { Page, PageRequest } from '../page.ts'
import type { Id, Key } from '../values/identifiers.ts'
import type { Membership, MembershipChanges } from './membership.ts'

/**
 * Reads the memberships of a tenant. Tenant scope only: every method throws UserEngineError `SCOPE_NOT_ALLOWED`
 * in a platform scope.
 */
export interface MembershipReader {
  /** The membership with this id, or `null` when the tenant has none [TEN-01]. */
  get(id: Id): Promise<Membership | null>
  /** The membership of a tenant account with this group and role, or `null`. */
  find(key: {
    readonly tenantAccountId: Id
    readonly group: Key
    readonly role: Key
  }): Promise<Membership | null>
  /** The memberships of one tenant account, by group and then role ascending [QRY-01, QRY-02]. */
  listByTenantAccount(request: {
    readonly tenantAccountId: Id
    readonly page?: PageRequest
  }): Promise<Page<Membership>>
  /** The memberships in one group, by id ascending [QRY-01, QRY-02]. */
  listByGroup(request: { readonly group: Key; readonly page?: PageRequest }): Promise<Page<Membership>>
}

/** Writes memberships. Tenant scope only [TXN-08, TXN-10]. */
export interface MembershipWriter {
  /**
   * @throws UserEngineError `VALIDATION`; `SCOPE_NOT_ALLOWED`; `TENANT_BOUNDARY`; `NOT_FOUND` for the tenant account;
   * `DUPLICATE_KEY` for the id or (tenantAccountId, group, role) [IDN-03].
   */
  insert(membership: Membership): Promise<void>
  /** @throws UserEngineError `VALIDATION`; `SCOPE_NOT_ALLOWED`; `NOT_FOUND`; `VERSION_CONFLICT` [VER-02]. */
  update(change: VersionedUpdate<MembershipChanges>): Promise<void>
  /** @throws UserEngineError `SCOPE_NOT_ALLOWED`; `NOT_FOUND`; `VERSION_CONFLICT` [VER-02]. */
  delete(removal: VersionedDelete): Promise<void>
}
