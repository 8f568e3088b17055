import {
  type ApplicationBinding,
  type ApplicationBindingChanges,
  type ApplicationBindingReader,
  type ApplicationBindingWriter,
  applicationBindingChangesSchema,
  applicationBindingSchema,
  type Id,
  type Page,
  type PageRequest,
  type VersionedUpdate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import {
  acceptId,
  createAccept,
  createAcceptNew,
  nextVersion,
  requireReference,
  requireVersion,
} from './accept.ts'
import { readPage } from './read-page.ts'
import type { Session } from './session.ts'
import { APPLICATION_BINDINGS } from './tables.ts'
import { requireOwnTenant, requireTenant } from './visibility.ts'

const ENTITY = 'application-binding'
const acceptNew = createAcceptNew(applicationBindingSchema)
const acceptUpdate = createAccept(versionedUpdateSchema(applicationBindingChangesSchema))

export function createApplicationBindings(
  session: Session,
): ApplicationBindingReader & ApplicationBindingWriter {
  return new ApplicationBindings(session)
}

class ApplicationBindings implements ApplicationBindingReader, ApplicationBindingWriter {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  get(id: Id): Promise<ApplicationBinding | null> {
    return this.#session.answer(() => {
      const { applicationBindings } = requireTenant(this.#session, ENTITY)
      return this.#session.sight.records.get(applicationBindings, acceptId(id))
    })
  }

  findByApplication(applicationId: Id): Promise<ApplicationBinding | null> {
    return this.#session.answer(() => {
      const { applicationBindings } = requireTenant(this.#session, ENTITY)
      const place = { group: '', key: acceptId(applicationId) }
      return this.#session.sight.records.find(applicationBindings, APPLICATION_BINDINGS.byApplication, place)
    })
  }

  list(page?: PageRequest): Promise<Page<ApplicationBinding>> {
    return this.#session.answer(() => {
      const { applicationBindings } = requireTenant(this.#session, ENTITY)
      return readPage('application-bindings', page, (start) =>
        this.#session.sight.records.walk(applicationBindings, APPLICATION_BINDINGS.all, {
          group: '',
          start,
        }),
      )
    })
  }

  insert(input: ApplicationBinding): Promise<void> {
    const { sight, platform } = this.#session
    return this.#session.perform((overlay) => {
      const binding = Object.freeze(acceptNew(input))
      const { applicationBindings } = requireOwnTenant(this.#session, {
        entity: ENTITY,
        tenantId: binding.tenantId,
      })
      const hasApplication = sight.records.get(platform.applications, binding.applicationId) !== null
      requireReference(hasApplication, 'application', binding.applicationId)
      this.#requireCatalog(binding.catalogId)
      overlay.insert(applicationBindings, binding)
    })
  }

  update(input: VersionedUpdate<ApplicationBindingChanges>): Promise<void> {
    const { sight } = this.#session
    return this.#session.perform((overlay) => {
      const change = acceptUpdate(input)
      const { applicationBindings } = requireTenant(this.#session, ENTITY)
      const current = sight.records.get(applicationBindings, change.id)
      const binding = requireVersion({ entity: ENTITY, current, change })
      if (change.set.catalogId !== undefined) this.#requireCatalog(change.set.catalogId)
      overlay.replace(applicationBindings, nextVersion(binding, change))
    })
  }

  #requireCatalog(catalogId: Id): void {
    const { sight, platform } = this.#session
    requireReference(sight.records.get(platform.catalogs, catalogId) !== null, 'catalog', catalogId)
  }
}
