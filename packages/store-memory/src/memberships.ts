import {
  type Id,
  type Key,
  type Membership,
  type MembershipChanges,
  type MembershipReader,
  type MembershipWriter,
  membershipChangesSchema,
  membershipSchema,
  type Page,
  type PageRequest,
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
  createAcceptNew,
  nextVersion,
  requireReference,
  requireVersion,
} from './accept.ts'
import { readPage } from './read-page.ts'
import type { Session } from './session.ts'
import { MEMBERSHIPS, roleKey } from './tables.ts'
import { requireOwnTenant, requireTenant } from './visibility.ts'

const ENTITY = 'membership'
const acceptNew = createAcceptNew(membershipSchema)
const acceptDelete = createAccept(versionedDeleteSchema)
const acceptUpdate = createAccept(versionedUpdateSchema(membershipChangesSchema))

export function createMemberships(session: Session): MembershipReader & MembershipWriter {
  return new Memberships(session)
}

class Memberships implements MembershipReader, MembershipWriter {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  get(id: Id): Promise<Membership | null> {
    return this.#session.answer(() => {
      const { memberships } = requireTenant(this.#session, ENTITY)
      return this.#session.sight.records.get(memberships, acceptId(id))
    })
  }

  find(key: {
    readonly tenantAccountId: Id
    readonly group: Key
    readonly role: Key
  }): Promise<Membership | null> {
    return this.#session.answer(() => {
      const { memberships } = requireTenant(this.#session, ENTITY)
      const { tenantAccountId, group, role } = acceptRequest(key)
      const place = {
        group: acceptId(tenantAccountId, 'tenantAccountId'),
        key: roleKey(acceptKey(group, 'group'), acceptKey(role, 'role')),
      }
      return this.#session.sight.records.find(memberships, MEMBERSHIPS.byTenantAccount, place)
    })
  }

  listByTenantAccount(request: {
    readonly tenantAccountId: Id
    readonly page?: PageRequest
  }): Promise<Page<Membership>> {
    return this.#session.answer(() => {
      const { memberships } = requireTenant(this.#session, ENTITY)
      const { tenantAccountId, page } = acceptRequest(request)
      acceptId(tenantAccountId, 'tenantAccountId')
      return readPage(`memberships:${tenantAccountId}`, page, (start) =>
        this.#session.sight.records.walk(memberships, MEMBERSHIPS.byTenantAccount, {
          group: tenantAccountId,
          start,
        }),
      )
    })
  }

  listByGroup(request: { readonly group: Key; readonly page?: PageRequest }): Promise<Page<Membership>> {
    return this.#session.answer(() => {
      const { memberships } = requireTenant(this.#session, ENTITY)
      const { group, page } = acceptRequest(request)
      acceptKey(group, 'group')
      return readPage(`memberships-of-group:${group}`, page, (start) =>
        this.#session.sight.records.walk(memberships, MEMBERSHIPS.byGroup, { group, start }),
      )
    })
  }

  insert(input: Membership): Promise<void> {
    const { sight } = this.#session
    return this.#session.perform((overlay) => {
      const membership = Object.freeze(acceptNew(input))
      const { tenantId, tenantAccountId } = membership
      const { memberships, tenantAccounts } = requireOwnTenant(this.#session, { entity: ENTITY, tenantId })
      const hasTenantAccount = sight.records.get(tenantAccounts, tenantAccountId) !== null
      requireReference(hasTenantAccount, 'tenant-account', tenantAccountId)
      overlay.insert(memberships, membership)
    })
  }

  update(input: VersionedUpdate<MembershipChanges>): Promise<void> {
    const { sight } = this.#session
    return this.#session.perform((overlay) => {
      const change = acceptUpdate(input)
      const { memberships } = requireTenant(this.#session, ENTITY)
      const current = sight.records.get(memberships, change.id)
      const membership = requireVersion({ entity: ENTITY, current, change })
      overlay.replace(memberships, nextVersion(membership, change))
    })
  }

  delete(input: VersionedDelete): Promise<void> {
    const { sight } = this.#session
    return this.#session.perform((overlay) => {
      const removal = acceptDelete(input)
      const { memberships } = requireTenant(this.#session, ENTITY)
      const current = sight.records.get(memberships, removal.id)
      requireVersion({ entity: ENTITY, current, change: removal })
      overlay.remove(memberships, removal.id)
    })
  }
}
