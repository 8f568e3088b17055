import {
  type Application,
  type ApplicationChanges,
  type ApplicationReader,
  type ApplicationWriter,
  applicationChangesSchema,
  applicationSchema,
  type Id,
  type Key,
  type Page,
  type PageRequest,
  type VersionedUpdate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import { acceptId, acceptKey, createAccept, createAcceptNew, nextVersion, requireVersion } from './accept.ts'
import { readPage } from './read-page.ts'
import type { Session } from './session.ts'
import { APPLICATIONS } from './tables.ts'
import { requirePlatform } from './visibility.ts'

const ENTITY = 'application'
const acceptNew = createAcceptNew(applicationSchema)
const acceptUpdate = createAccept(versionedUpdateSchema(applicationChangesSchema))

export function createApplications(session: Session): ApplicationReader & ApplicationWriter {
  return new Applications(session)
}

class Applications implements ApplicationReader, ApplicationWriter {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  get(id: Id): Promise<Application | null> {
    const { sight, platform } = this.#session
    return this.#session.answer(() => sight.records.get(platform.applications, acceptId(id)))
  }

  findByKey(key: Key): Promise<Application | null> {
    const { sight, platform } = this.#session
    return this.#session.answer(() => {
      const place = { group: '', key: acceptKey(key) }
      return sight.records.find(platform.applications, APPLICATIONS.byKey, place)
    })
  }

  list(page?: PageRequest): Promise<Page<Application>> {
    const { sight, platform } = this.#session
    return this.#session.answer(() =>
      readPage('applications', page, (start) =>
        sight.records.walk(platform.applications, APPLICATIONS.all, { group: '', start }),
      ),
    )
  }

  insert(input: Application): Promise<void> {
    const { platform } = this.#session
    return this.#session.perform((overlay) => {
      const application = Object.freeze(acceptNew(input))
      requirePlatform(this.#session, ENTITY)
      overlay.insert(platform.applications, application)
    })
  }

  update(input: VersionedUpdate<ApplicationChanges>): Promise<void> {
    const { sight, platform } = this.#session
    return this.#session.perform((overlay) => {
      const change = acceptUpdate(input)
      requirePlatform(this.#session, ENTITY)
      const current = sight.records.get(platform.applications, change.id)
      const application = requireVersion({ entity: ENTITY, current, change })
      overlay.replace(platform.applications, nextVersion(application, change))
    })
  }
}
