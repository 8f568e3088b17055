import type { VersionedUpdate } from '../changes.ts'
import type { Page, PageRequest } from '../page.ts'
import type { Id } from '../values/identifiers.ts'
import type { Account, AccountChanges } from './account.ts'

/** Reads accounts. A tenant scope sees the accounts that have a tenant account in it [TEN-01, TEN-02]. */
export interface AccountReader {
  /** The account with this id, or `null` when the scope has none. */
  get(id: Id): Promise<Account | null>
  /** The accounts of one user, by id ascending; those the scope sees [QRY-01, QRY-02]. */
  listByUser(request: { readonly userId: Id; readonly page?: PageRequest }): Promise<Page<Account>>
}

/** Writes accounts [TXN-08, TXN-10]. */
export interface AccountWriter {
  /**
   * Adds an account with version 1.
   * @throws UserEngineError `VALIDATION`; `NOT_FOUND` when the scope does not see the user [TEN-04]; `DUPLICATE_KEY`.
   */
  insert(account: Account): Promise<void>
  /** @throws UserEngineError `VALIDATION`; `NOT_FOUND`; `VERSION_CONFLICT` [VER-02]. */
  update(change: VersionedUpdate<AccountChanges>): Promise<void>
}
