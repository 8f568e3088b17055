import type { VersionedUpdate } from '../changes.ts'
import type { Page, PageRequest } from '../page.ts'
import type { Id, Key } from '../values/identifiers.ts'
import type { Application, ApplicationChanges } from './application.ts'

/** Reads applications. They are the platform's and visible in every scope. */
export interface ApplicationReader {
  /** The application with this id, or `null`. */
  get(id: Id): Promise<Application | null>
  /** The application with this key, or `null`. */
  findByKey(key: Key): Promise<Application | null>
  /** All applications, by id ascending [QRY-01, QRY-02]. */
  list(page?: PageRequest): Promise<Page<Application>>
}

/** Writes applications, in a platform scope only [TXN-08, TXN-10]. */
export interface ApplicationWriter {
  /** @throws UserEngineError `VALIDATION`; `SCOPE_NOT_ALLOWED` in a tenant scope; `DUPLICATE_KEY` for id or key [IDN-03]. */
  insert(application: Application): Promise<void>
  /** @throws UserEngineError `VALIDATION`; `SCOPE_NOT_ALLOWED`; `NOT_FOUND`; `VERSION_CONFLICT` [VER-02]. */
  update(change: VersionedUpdate<ApplicationChanges>): Promise<void>
}
