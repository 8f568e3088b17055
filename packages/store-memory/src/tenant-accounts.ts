import {
  type Id,
  type Page,
  type PageRequest,
  type TenantAccount,
  type TenantAccountChanges,
  type TenantAccountReader,
  type TenantAccountWriter,
  tenantAccountChangesSchema,
  tenantAccountSchema,
  type VersionedUpdate,
  versionedUpdateSchema,
} from '@user-engine/store-protocol'
import {
  acceptId,
  acceptRequest,
  createAccept,
  createAcceptNew,
  nextVersion,
  requireReference,
  requireVersion,
} from './accept.ts'
import { readPage } from './read-page.ts'
import type { Range } from './record-index.ts'
import type { Session } from './session.ts'
import { PRESENCES, presenceKey, TENANT_ACCOUNTS } from './tables.ts'
import type { RecordWalk } from './view.ts'
import { requireOwnTenant, requireTenant, visibleAccount } from './visibility.ts'

const ENTITY = 'tenant-account'
const acceptNew = createAcceptNew(tenantAccountSchema)
const acceptUpdate = createAccept(versionedUpdateSchema(tenantAccountChangesSchema))

export function createTenantAccounts(session: Session): TenantAccountReader & TenantAccountWriter {
  return new TenantAccounts(session)
}

/** The tenant accounts of one user that the scope sees, by tenant id and then id ascending. */
function walkPresences(session: Session, range: Range): RecordWalk<TenantAccount> {
  const { tenant, platform, sight } = session
  if (tenant === null) return sight.records.walk(platform.presences, PRESENCES.byUser, range)
  // The tenant is the same for all: only the id of the key tells them apart.
  const { group, start } = range
  const own = start && { ...start, key: start.key.slice(start.key.indexOf(' ') + 1) }
  const walk = sight.records.walk(tenant.tenantAccounts, TENANT_ACCOUNTS.byUser, { group, start: own })
  return new PresenceWalk(walk)
}

/** Tenant accounts under the keys they have among those of all tenants. */
class PresenceWalk implements RecordWalk<TenantAccount> {
  readonly #walk: RecordWalk<TenantAccount>

  constructor(walk: RecordWalk<TenantAccount>) {
    this.#walk = walk
  }

  get key(): string {
    return presenceKey(this.#walk.value)
  }

  get value(): TenantAccount {
    return this.#walk.value
  }

  next(): boolean {
    return this.#walk.next()
  }
}

class TenantAccounts implements TenantAccountReader, TenantAccountWriter {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  get(id: Id): Promise<TenantAccount | null> {
    return this.#session.answer(() => {
      const { tenantAccounts } = requireTenant(this.#session, ENTITY)
      return this.#session.sight.records.get(tenantAccounts, acceptId(id))
    })
  }

  findByAccount(accountId: Id): Promise<TenantAccount | null> {
    return this.#session.answer(() => {
      const { tenantAccounts } = requireTenant(this.#session, ENTITY)
      const place = { group: '', key: acceptId(accountId) }
      return this.#session.sight.records.find(tenantAccounts, TENANT_ACCOUNTS.byAccount, place)
    })
  }

  list(page?: PageRequest): Promise<Page<TenantAccount>> {
    return this.#session.answer(() => {
      const { tenantAccounts } = requireTenant(this.#session, ENTITY)
      return readPage('tenant-accounts', page, (start) =>
        this.#session.sight.records.walk(tenantAccounts, TENANT_ACCOUNTS.all, { group: '', start }),
      )
    })
  }

  listByUser(request: { readonly userId: Id; readonly page?: PageRequest }): Promise<Page<TenantAccount>> {
    return this.#session.answer(() => {
      const { userId, page } = acceptRequest(request)
      acceptId(userId, 'userId')
      return readPage(`tenant-accounts-of-user:${userId}`, page, (start) =>
        walkPresences(this.#session, { group: userId, start }),
      )
    })
  }

  insert(input: TenantAccount): Promise<void> {
    const { platform, tenant } = this.#session
    return this.#session.perform((overlay) => {
      const tenantAccount = Object.freeze(acceptNew(input))
      const { tenantId, accountId, userId } = tenantAccount
      const { tenantAccounts } =
        tenant === null
          ? overlay.partitionOf(tenantId)
          : requireOwnTenant(this.#session, { entity: ENTITY, tenantId })
      const account = visibleAccount(this.#session, accountId)
      requireReference(account?.userId === userId, 'account', accountId)
      // The tenant's table first: it refuses what is a duplicate, at the call and at the commit.
      overlay.insert(tenantAccounts, tenantAccount)
      overlay.insert(platform.presences, tenantAccount)
    })
  }

  update(input: VersionedUpdate<TenantAccountChanges>): Promise<void> {
    const { sight, platform } = this.#session
    return this.#session.perform((overlay) => {
      const change = acceptUpdate(input)
      const { tenantAccounts } = requireTenant(this.#session, ENTITY)
      const current = sight.records.get(tenantAccounts, change.id)
      const next = nextVersion(requireVersion({ entity: ENTITY, current, change }), change)
      overlay.replace(tenantAccounts, next)
      overlay.replace(platform.presences, next)
    })
  }
}
