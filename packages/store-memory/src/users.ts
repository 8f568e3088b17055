import {
  type Id,
  type Page,
  type PageRequest,
  type User,
  type UserChanges,
  type UserReader,
  type UserWriter,
  userChangesSchema,
  userSchema,
  type VersionedUpdate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import { acceptId, createAccept, createAcceptNew, nextVersion, requireVersion } from './accept.ts'
import { compareAscii } from './ordered-map.ts'
import { readPage } from './read-page.ts'
import type { Range } from './record-index.ts'
import type { Session } from './session.ts'
import { TENANT_ACCOUNTS, USERS } from './tables.ts'
import type { RecordWalk } from './view.ts'
import { visibleUser } from './visibility.ts'
import { mergeWalks } from './walk.ts'

const acceptNew = createAcceptNew(userSchema)
const acceptUpdate = createAccept(versionedUpdateSchema(userChangesSchema))

export function createUsers(session: Session): UserReader & UserWriter {
  return new Users(session)
}

/** The users of the scope, by id ascending. */
export function walkUsers(session: Session, start?: Range['start']): RecordWalk<User> {
  const { platform, tenant, sight } = session
  const range = { group: '', start }
  if (tenant === null) return sight.records.walk(platform.users, USERS.all, range)
  const present = { table: tenant.tenantAccounts, index: TENANT_ACCOUNTS.users, range }
  return mergeWalks({
    under: sight.records.walkReferred(platform.users, present),
    over: sight.walkAdded(platform.users, USERS.all, range),
    compare: compareAscii,
  })
}

class Users implements UserReader, UserWriter {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  get(id: Id): Promise<User | null> {
    return this.#session.answer(() => visibleUser(this.#session, acceptId(id)))
  }

  list(page?: PageRequest): Promise<Page<User>> {
    return this.#session.answer(() => readPage('users', page, (start) => walkUsers(this.#session, start)))
  }

  insert(input: User): Promise<void> {
    const { platform } = this.#session
    return this.#session.perform((overlay) => overlay.insert(platform.users, Object.freeze(acceptNew(input))))
  }

  update(input: VersionedUpdate<UserChanges>): Promise<void> {
    const { platform } = this.#session
    return this.#session.perform((overlay) => {
      const change = acceptUpdate(input)
      const current = visibleUser(this.#session, change.id)
      const user = requireVersion({ entity: 'user', current, change })
      overlay.replace(platform.users, nextVersion(user, change))
    })
  }
}
