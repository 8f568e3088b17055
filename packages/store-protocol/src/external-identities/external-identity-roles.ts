import type { VersionedDelete } from '../changes.ts'
import type { Page, PageRequest } from '../page.ts'
import type { User } from '../users/user.ts'
import type { Id } from '../values/identifiers.ts'
import type { ExternalIdentity, IdentityKey } from './external-identity.ts'

/** An external identity together with the user it signs in. */
export interface ResolvedIdentity {
  readonly identity: ExternalIdentity
  readonly user: User
}

/** Reads external identities. A tenant scope sees those of the users it sees [TEN-01, TEN-02]. */
export interface ExternalIdentityReader {
  /** The identity with this id, or `null` when the scope has none. */
  get(id: Id): Promise<ExternalIdentity | null>
  /** Who signs in as (issuer, subject), or `null` when the scope sees nobody [IDN-01, IDN-02]. */
  resolve(key: IdentityKey): Promise<ResolvedIdentity | null>
  /** The identities of one user, by id ascending [QRY-01, QRY-02]. */
  listByUser(request: { readonly userId: Id; readonly page?: PageRequest }): Promise<Page<ExternalIdentity>>
}

/** Links and unlinks external identities [TXN-08, TXN-10]. */
export interface ExternalIdentityWriter {
  /**
   * Links an identity to a user.
   * @throws UserEngineError `VALIDATION`; `NOT_FOUND` when the scope does not see the user [TEN-04];
   * `DUPLICATE_IDENTITY` without a word about whose it is [IDN-01, IDN-02]; `DUPLICATE_KEY` for the id.
   */
  insert(identity: ExternalIdentity): Promise<void>
  /** Unlinks an identity. @throws UserEngineError `NOT_FOUND`; `VERSION_CONFLICT` [VER-02]. */
  delete(removal: VersionedDelete): Promise<void>
}
