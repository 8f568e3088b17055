import {
  attributeDefinitionSchema,
  type Id,
  type Page,
  type PageRequest,
  type ProfileScope,
  type ProfileValue,
  type ProfileValueChanges,
  type ProfileValueKey,
  type ProfileValueReader,
  type ProfileValueWriter,
  profileScopeSchema,
  profileValueChangesSchema,
  profileValueSchema,
  type VersionedDelete,
  type VersionedUpdate,
  versionedDeleteSchema,
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
import type { TenantPartition } from './partition.ts'
import { acceptPage, takePage } from './read-page.ts'
import type { Session } from './session.ts'
import { shareProvenance } from './shared-provenance.ts'
import type { Table } from './table.ts'
import { GLOBAL_PROFILE_VALUES, TENANT_PROFILE_VALUES } from './tables.ts'
import type { RecordWalk } from './view.ts'
import { requireOwnTenant, requireTenant, seesUser, visibleUser } from './visibility.ts'
import { NO_WALK } from './walk.ts'

const ENTITY = 'profile-value'
const acceptScope = createAcceptArgument(profileScopeSchema)
const acceptNew = createAcceptNew(profileValueSchema)
const level = attributeDefinitionSchema.shape.levels.element
const acceptUpdate = createAccept(versionedUpdateSchema(profileValueChangesSchema).extend({ level }))
const acceptDelete = createAccept(versionedDeleteSchema.extend({ level }))

type Level = ProfileScope['level']

export function createProfileValues(session: Session): ProfileValueReader & ProfileValueWriter {
  return new ProfileValues(session)
}

class ProfileValues implements ProfileValueReader, ProfileValueWriter {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  find(key: ProfileValueKey): Promise<ProfileValue | null> {
    const { platform, tenant, sight } = this.#session
    return this.#session.answer(() => {
      const { userId, scope, attributeKey } = acceptRequest(key)
      acceptId(userId, 'userId')
      acceptScope(scope, 'scope')
      acceptKey(attributeKey, 'attributeKey')
      if (scope.level === 'global') {
        if (!seesUser(this.#session, userId)) return null
        const place = { group: userId, key: attributeKey }
        return sight.records.find(platform.profileValues, GLOBAL_PROFILE_VALUES.byUser, place)
      }
      if (tenant === null || scope.tenantId !== tenant.tenantId) return null
      const branch = scope.level === 'application' ? scope.applicationId : ''
      const place = { branch, group: userId, key: attributeKey }
      return sight.records.find(tenant.profileValues, TENANT_PROFILE_VALUES.byUser, place)
    })
  }

  listByUser(request: {
    readonly userId: Id
    readonly applicationId?: Id
    readonly page?: PageRequest
  }): Promise<Page<ProfileValue>> {
    return this.#session.answer(() => {
      const { userId, applicationId, page } = acceptRequest(request)
      acceptId(userId, 'userId')
      if (applicationId !== undefined) acceptId(applicationId, 'applicationId')
      const list = `profile-values:${userId}:${applicationId ?? ''}`
      const position = acceptPage(list, page)
      return takePage(list, position, this.#walk({ userId, applicationId, after: position.after }))
    })
  }

  /** The values by attribute key, then level; the keys of the walk are both, with a space between them. */
  #walk(request: {
    readonly userId: Id
    readonly applicationId: Id | undefined
    readonly after: string | null
  }): RecordWalk<ProfileValue> {
    const { platform, tenant, sight } = this.#session
    const { userId, applicationId, after } = request
    const level = (rank: Rank, table: Table<ProfileValue>, branch = '') => {
      const index = rank === 0 ? GLOBAL_PROFILE_VALUES.byUser : TENANT_PROFILE_VALUES.byUser
      return sight.records.walk(table, index, { branch, group: userId, start: startWithin(rank, after) })
    }
    const global = seesUser(this.#session, userId) ? level(0, platform.profileValues) : NO_WALK
    if (tenant === null) return new LevelWalk([global])
    const own = level(1, tenant.profileValues)
    if (applicationId === undefined) return new LevelWalk([global, own])
    return new LevelWalk([global, own, level(2, tenant.profileValues, applicationId)])
  }

  insert(input: ProfileValue): Promise<void> {
    const { sight, platform } = this.#session
    return this.#session.perform((overlay) => {
      const value = acceptNew(input)
      const { scope, userId } = value
      const tenant =
        scope.level === 'global'
          ? null
          : requireOwnTenant(this.#session, { entity: ENTITY, tenantId: scope.tenantId })
      requireReference(visibleUser(this.#session, userId) !== null, 'user', userId)
      if (scope.level === 'application') {
        const hasApplication = sight.records.get(platform.applications, scope.applicationId) !== null
        requireReference(hasApplication, 'application', scope.applicationId)
      }
      overlay.insert(tenant?.profileValues ?? platform.profileValues, keepProfileValue(value, tenant))
    })
  }

  update(input: VersionedUpdate<ProfileValueChanges> & { readonly level: Level }): Promise<void> {
    return this.#session.perform((overlay) => {
      const change = acceptUpdate(input)
      const { table, current } = this.#target(change.level, change.id)
      const former = requireVersion({ entity: ENTITY, current, change })
      const { updatedAt } = change
      overlay.replace(table, nextVersion(former, { set: keepChanges(change.set), updatedAt }))
    })
  }

  delete(input: VersionedDelete & { readonly level: Level }): Promise<void> {
    return this.#session.perform((overlay) => {
      const removal = acceptDelete(input)
      const { table, current } = this.#target(removal.level, removal.id)
      requireVersion({ entity: ENTITY, current, change: removal })
      overlay.remove(table, removal.id)
    })
  }

  /** The table of a level, and the value with this id that the scope sees on that level. */
  #target(
    level: Level,
    id: Id,
  ): { readonly table: Table<ProfileValue>; readonly current: ProfileValue | null } {
    const { sight, platform } = this.#session
    const table =
      level === 'global' ? platform.profileValues : requireTenant(this.#session, ENTITY).profileValues
    const value = sight.records.get(table, id)
    const isSeen =
      value?.scope.level === level && (level !== 'global' || seesUser(this.#session, value.userId))
    return { table, current: isSeen ? value : null }
  }
}

/** The place of a level in the order of a list: global, tenant, application. */
type Rank = 0 | 1 | 2

/** Where one level starts when the list as a whole goes on after an attribute key and a level. */
function startWithin(rank: Rank, after: string | null) {
  if (after === null) return undefined
  const space = after.indexOf(' ')
  return { key: after.slice(0, space), inclusive: rank > Number(after.slice(space + 1)) }
}

/** Walks over one walk per rank at once: by key, then rank. */
class LevelWalk implements RecordWalk<ProfileValue> {
  readonly #walks: readonly RecordWalk<ProfileValue>[]
  /** The key each walk stands at; `null` at its end. */
  readonly #keys: (string | null)[]
  #rank = -1

  constructor(walks: readonly RecordWalk<ProfileValue>[]) {
    this.#walks = walks
    this.#keys = walks.map(keyAfter)
  }

  get key(): string {
    return `${this.#keys[this.#rank]} ${this.#rank}`
  }

  get value(): ProfileValue {
    return (this.#walks[this.#rank] as RecordWalk<ProfileValue>).value
  }

  next(): boolean {
    const current = this.#walks[this.#rank]
    if (current !== undefined) this.#keys[this.#rank] = keyAfter(current)
    let lowest: string | null = null
    for (let rank = 0; rank < this.#keys.length; rank++) {
      const key = this.#keys[rank] ?? null
      if (key === null || (lowest !== null && lowest <= key)) continue
      lowest = key
      this.#rank = rank
    }
    return lowest !== null
  }
}

function keyAfter(walk: RecordWalk<unknown>): string | null {
  return walk.next() ? walk.key : null
}

const GLOBAL: ProfileScope = Object.freeze({ level: 'global' })

function keepProfileValue(value: ProfileValue, tenant: TenantPartition | null): ProfileValue {
  const scope = tenant === null ? GLOBAL : shareScope(value.scope, tenant)
  return Object.freeze({ ...value, scope, ...keepChanges(value) })
}

function shareScope(scope: ProfileScope, { profileScopes }: TenantPartition): ProfileScope {
  const applicationId = scope.level === 'application' ? scope.applicationId : null
  const shared = profileScopes.get(applicationId)
  if (shared !== undefined) return shared
  profileScopes.set(applicationId, Object.freeze(scope))
  return scope
}

function keepChanges({ value, provenance }: ProfileValueChanges): ProfileValueChanges {
  return { value: keepJson(value), provenance: shareProvenance(provenance) }
}
