import {
  type Catalog,
  type CatalogChanges,
  type CatalogFamily,
  type CatalogReader,
  type CatalogWriter,
  catalogChangesSchema,
  catalogSchema,
  type Id,
  type JsonValue,
  type Page,
  type PageRequest,
  UserEngineError,
  type VersionedUpdate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import {
  acceptId,
  acceptKey,
  acceptRequest,
  createAccept,
  createAcceptArgument,
  createAcceptNew,
  keepJson,
  nextVersion,
  requireReference,
  requireVersion,
} from './accept.ts'
import { readPage } from './read-page.ts'
import type { Session } from './session.ts'
import { CATALOGS, catalogFamily, descendingKey } from './tables.ts'
import { requirePlatform } from './visibility.ts'

const ENTITY = 'catalog'
const acceptCatalogVersion = createAcceptArgument(catalogSchema.shape.catalogVersion)
const acceptNew = createAcceptNew(catalogSchema)
const acceptUpdate = createAccept(versionedUpdateSchema(catalogChangesSchema))

export function createCatalogs(session: Session): CatalogReader & CatalogWriter {
  return new Catalogs(session)
}

function familyOf({ applicationId, key }: CatalogFamily): string {
  if (applicationId !== null) acceptId(applicationId, 'applicationId')
  return catalogFamily({ applicationId, key: acceptKey(key, 'key') })
}

class Catalogs implements CatalogReader, CatalogWriter {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  get(id: Id): Promise<Catalog | null> {
    const { sight, platform } = this.#session
    return this.#session.answer(() => sight.records.get(platform.catalogs, acceptId(id)))
  }

  findVersion(request: CatalogFamily & { readonly catalogVersion: number }): Promise<Catalog | null> {
    const { sight, platform } = this.#session
    return this.#session.answer(() => {
      const { catalogVersion } = acceptRequest(request)
      const group = familyOf(request)
      const place = { group, key: descendingKey(acceptCatalogVersion(catalogVersion, 'catalogVersion')) }
      return sight.records.find(platform.catalogs, CATALOGS.byFamily, place)
    })
  }

  listVersions(request: CatalogFamily & { readonly page?: PageRequest }): Promise<Page<Catalog>> {
    const { sight, platform } = this.#session
    return this.#session.answer(() => {
      const { page } = acceptRequest(request)
      const group = familyOf(request)
      return readPage(`catalog-versions:${group}`, page, (start) =>
        sight.records.walk(platform.catalogs, CATALOGS.byFamily, { group, start }),
      )
    })
  }

  list(page?: PageRequest): Promise<Page<Catalog>> {
    const { sight, platform } = this.#session
    return this.#session.answer(() =>
      readPage('catalogs', page, (start) =>
        sight.records.walk(platform.catalogs, CATALOGS.all, { group: '', start }),
      ),
    )
  }

  insert(input: Catalog): Promise<void> {
    const { sight, platform } = this.#session
    return this.#session.perform((overlay) => {
      const catalog = keepCatalog(acceptNew(input))
      requirePlatform(this.#session, ENTITY)
      const { applicationId } = catalog
      if (applicationId !== null) {
        const hasApplication = sight.records.get(platform.applications, applicationId) !== null
        requireReference(hasApplication, 'application', applicationId)
      }
      overlay.insert(platform.catalogs, catalog)
    })
  }

  update(input: VersionedUpdate<CatalogChanges>): Promise<void> {
    const { sight, platform } = this.#session
    return this.#session.perform((overlay) => {
      const change = acceptUpdate(input)
      requirePlatform(this.#session, ENTITY)
      const current = sight.records.get(platform.catalogs, change.id)
      const catalog = requireVersion({ entity: ENTITY, current, change })
      const set = keepChanges(change.set)
      if (catalog.status !== 'draft' && (set.attributes !== undefined || set.breakingChanges !== undefined)) {
        const { id, status } = catalog
        throw new UserEngineError('INVALID_STATE', { entity: ENTITY, id, state: status, allowed: ['draft'] })
      }
      overlay.replace(platform.catalogs, nextVersion(catalog, { ...change, set }))
    })
  }
}

function keepCatalog(catalog: Catalog): Catalog {
  const { attributes, breakingChanges } = catalog
  return Object.freeze({
    ...catalog,
    attributes: keepList(attributes),
    breakingChanges: keepList(breakingChanges),
  })
}

function keepChanges({ status, attributes, breakingChanges }: CatalogChanges): CatalogChanges {
  return {
    ...(status === undefined ? {} : { status }),
    ...(attributes === undefined ? {} : { attributes: keepList(attributes) }),
    ...(breakingChanges === undefined ? {} : { breakingChanges: keepList(breakingChanges) }),
  }
}

/** Attribute definitions hold defaults and limits given by the caller, which are kept as all JSON is. */
function keepList<List extends readonly object[]>(list: List): List {
  return keepJson(list as List & JsonValue)
}
