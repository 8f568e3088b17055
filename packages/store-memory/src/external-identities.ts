import {
  type ExternalIdentity,
  type ExternalIdentityReader,
  type ExternalIdentityWriter,
  externalIdentitySchema,
  type Id,
  type IdentityKey,
  identityKeySchema,
  type Page,
  type PageRequest,
  type ResolvedIdentity,
  type VersionedDelete,
  versionedDeleteSchema,
} from '@user-engine/store-protocol'
import {
  acceptId,
  acceptRequest,
  createAccept,
  createAcceptArgument,
  createAcceptNew,
  requireReference,
  requireVersion,
} from './accept.ts'
import { readPage } from './read-page.ts'
import type { Session } from './session.ts'
import { EXTERNAL_IDENTITIES } from './tables.ts'
import { seesUser, visibleUser } from './visibility.ts'
import { NO_WALK } from './walk.ts'

const ENTITY = 'external-identity'
const acceptIdentityKey = createAcceptArgument(identityKeySchema)
const acceptNew = createAcceptNew(externalIdentitySchema)
const acceptDelete = createAccept(versionedDeleteSchema)

export function createExternalIdentities(session: Session): ExternalIdentityReader & ExternalIdentityWriter {
  return new ExternalIdentities(session)
}

/** An identity is seen by whoever sees its user [TEN-02]. */
function visibleIdentity(session: Session, id: Id): ExternalIdentity | null {
  const identity = session.sight.records.get(session.platform.externalIdentities, id)
  return identity !== null && seesUser(session, identity.userId) ? identity : null
}

class ExternalIdentities implements ExternalIdentityReader, ExternalIdentityWriter {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  get(id: Id): Promise<ExternalIdentity | null> {
    return this.#session.answer(() => visibleIdentity(this.#session, acceptId(id)))
  }

  resolve(key: IdentityKey): Promise<ResolvedIdentity | null> {
    const { sight, platform } = this.#session
    return this.#session.answer(() => {
      const { issuer, subject } = acceptIdentityKey(key)
      const place = { group: issuer, key: subject }
      const identity = sight.records.find(platform.externalIdentities, EXTERNAL_IDENTITIES.byKey, place)
      const user = identity && visibleUser(this.#session, identity.userId)
      return identity && user ? { identity, user } : null
    })
  }

  listByUser(request: { readonly userId: Id; readonly page?: PageRequest }): Promise<Page<ExternalIdentity>> {
    const { sight, platform } = this.#session
    return this.#session.answer(() => {
      const { userId, page } = acceptRequest(request)
      acceptId(userId, 'userId')
      return readPage(`external-identities:${userId}`, page, (start) =>
        seesUser(this.#session, userId)
          ? sight.records.walk(platform.externalIdentities, EXTERNAL_IDENTITIES.byUser, {
              group: userId,
              start,
            })
          : NO_WALK,
      )
    })
  }

  insert(input: ExternalIdentity): Promise<void> {
    const { platform } = this.#session
    return this.#session.perform((overlay) => {
      const identity = Object.freeze(acceptNew(input))
      requireReference(visibleUser(this.#session, identity.userId) !== null, 'user', identity.userId)
      overlay.insert(platform.externalIdentities, identity)
    })
  }

  delete(input: VersionedDelete): Promise<void> {
    const { platform } = this.#session
    return this.#session.perform((overlay) => {
      const removal = acceptDelete(input)
      const current = visibleIdentity(this.#session, removal.id)
      requireVersion({ entity: ENTITY, current, change: removal })
      overlay.remove(platform.externalIdentities, removal.id)
    })
  }
}
