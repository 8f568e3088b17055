import type { VersionedUpdate } from '../changes.ts'
import type { Page, PageRequest } from '../page.ts'
import type { Id, Key } from '../values/identifiers.ts'
import type { Catalog, CatalogChanges } from './catalog.ts'

/** The family of catalog versions that share an owner and a key; `applicationId` null is the platform. */
export interface CatalogFamily {
  readonly applicationId: Id | null
  readonly key: Key
}

/** Reads catalogs. They are the platform's and visible in every scope. */
export interface CatalogReader {
  /** The catalog with this id, or `null`. */
  get(id: Id): Promise<Catalog | null>
  /** One version of a family, or `null`. */
  findVersion(request: CatalogFamily & { readonly catalogVersion: number }): Promise<Catalog | null>
  /** The versions of one family, by catalog version descending [QRY-01, QRY-02]. */
  listVersions(request: CatalogFamily & { readonly page?: PageRequest }): Promise<Page<Catalog>>
  /** All catalogs, by id ascending [QRY-01, QRY-02]. */
  list(page?: PageRequest): Promise<Page<Catalog>>
}

/** Writes catalogs, in a platform scope only [TXN-08, TXN-10]. */
export interface CatalogWriter {
  /**
   * @throws UserEngineError `VALIDATION`; `SCOPE_NOT_ALLOWED` in a tenant scope; `NOT_FOUND` for the application;
   * `DUPLICATE_KEY` for the id or (applicationId, key, catalogVersion) [IDN-03].
   */
  insert(catalog: Catalog): Promise<void>
  /**
   * Changes a draft, or the status of a published catalog.
   * @throws UserEngineError `VALIDATION`; `SCOPE_NOT_ALLOWED`; `NOT_FOUND`; `VERSION_CONFLICT` [VER-02];
   * `INVALID_STATE` when attributes of a catalog that is not a draft would change.
   */
  update(change: VersionedUpdate<CatalogChanges>): Promise<void>
}
