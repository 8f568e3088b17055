import type { VersionedUpdate } from '../changes.ts'
import type { Page, PageRequest } from '../page.ts'
import type { Id } from '../values/identifiers.ts'
import type { User, UserChanges } from './user.ts'

/** Reads users. A tenant scope sees the users that have a tenant account in it, and no others [TEN-01, TEN-02]. */
export interface UserReader {
  /** The user with this id, or `null` when the scope has none. */
  get(id: Id): Promise<User | null>
  /** The users of the scope, by id ascending [QRY-01, QRY-02]. */
  list(page?: PageRequest): Promise<Page<User>>
}

/** Writes users. Every call may settle early; a failure surfaces at the call or at the commit [TXN-08, TXN-10]. */
export interface UserWriter {
  /**
   * Adds a user with version 1. In a tenant scope the inserting transaction sees it at once, later ones when it
   * has a tenant account there.
   * @throws UserEngineError `VALIDATION`; `DUPLICATE_KEY` when the id is taken [IDN-03].
   */
  insert(user: User): Promise<void>
  /**
   * Changes a user.
   * @throws UserEngineError `VALIDATION`; `NOT_FOUND`; `VERSION_CONFLICT` with the current version [VER-02].
   */
  update(change: VersionedUpdate<UserChanges>): Promise<void>
}
