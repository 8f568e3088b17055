// Every mutable entity of the domain vocabulary, with how one is written, changed and deleted.
import type {
  EntityKind,
  Id,
  Instant,
  ProfileScope,
  Scope,
  StoreReader,
  StoreTransaction,
  UserEngineStore,
} from '@user-engine/store-protocol'
import { ACME, PLATFORM, type RecordMaker } from '../../records.ts'
import { keyOf } from '../every-kind.ts'

/** A record as far as [VER-01] to [VER-03] are about it. */
interface Versioned {
  readonly id: Id
  readonly version: number
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

export interface VersionedKind {
  readonly name: string
  readonly entity: EntityKind
  readonly scope: Scope
  /** Writes one record and says how to read, change and delete it. */
  prepare(store: UserEngineStore, make: RecordMaker): Promise<VersionedRecord>
}

export interface VersionedRecord {
  /** The record as it was written. */
  readonly record: Versioned
  /** The fields that `update` sets. */
  readonly set: object
  get(reader: StoreReader): Promise<Versioned | null>
  /** Writes one more like it, which refers to the same records, with these changes. */
  insertAnother(tx: StoreTransaction, changes: { readonly version: number }): Promise<void>
  /** Null for what is never changed. */
  readonly update: ((tx: StoreTransaction, change: Change) => Promise<void>) | null
  /** Null for what is never deleted. */
  readonly remove: ((tx: StoreTransaction, change: Change) => Promise<void>) | null
}

interface Change {
  readonly id: Id
  readonly expectedVersion: number
  readonly updatedAt: Instant
}

const PLATFORM_KINDS: readonly VersionedKind[] = [
  {
    name: 'user',
    entity: 'user',
    scope: ACME,
    async prepare(store, make) {
      const { user } = await make.addMember(store, ACME.tenantId)
      const set = { displayName: 'Grace Hopper' }
      return {
        record: user,
        set,
        get: (reader) => reader.users.get(user.id),
        insertAnother: (tx, changes) => tx.users.insert(make.user(changes)),
        update: (tx, change) => tx.users.update({ ...change, set }),
        remove: null,
      }
    },
  },
  {
    name: 'account',
    entity: 'account',
    scope: ACME,
    async prepare(store, make) {
      const { account } = await make.addMember(store, ACME.tenantId)
      const set = { name: 'work' }
      return {
        record: account,
        set,
        get: (reader) => reader.accounts.get(account.id),
        insertAnother: (tx, changes) => tx.accounts.insert(make.account(account.userId, changes)),
        update: (tx, change) => tx.accounts.update({ ...change, set }),
        remove: null,
      }
    },
  },
  {
    name: 'external-identity',
    entity: 'external-identity',
    scope: ACME,
    async prepare(store, make) {
      const { user } = await make.addMember(store, ACME.tenantId)
      const identity = make.identity(user.id)
      await store.transact(ACME, (tx) => tx.externalIdentities.insert(identity))
      return {
        record: identity,
        set: {},
        get: (reader) => reader.externalIdentities.get(identity.id),
        insertAnother: (tx, changes) => tx.externalIdentities.insert(make.identity(user.id, changes)),
        update: null,
        remove: (tx, { id, expectedVersion }) => tx.externalIdentities.delete({ id, expectedVersion }),
      }
    },
  },
  {
    name: 'application',
    entity: 'application',
    scope: PLATFORM,
    async prepare(store, make) {
      const application = make.application()
      await store.transact(PLATFORM, (tx) => tx.applications.insert(application))
      const set = { status: 'retired' } as const
      return {
        record: application,
        set,
        get: (reader) => reader.applications.get(application.id),
        insertAnother: (tx, changes) => tx.applications.insert(make.application(changes)),
        update: (tx, change) => tx.applications.update({ ...change, set }),
        remove: null,
      }
    },
  },
  {
    name: 'catalog',
    entity: 'catalog',
    scope: PLATFORM,
    async prepare(store, make) {
      const catalog = make.catalog(null)
      await store.transact(PLATFORM, (tx) => tx.catalogs.insert(catalog))
      const set = { attributes: [make.attribute({ key: 'other' })] }
      return {
        record: catalog,
        set,
        get: (reader) => reader.catalogs.get(catalog.id),
        insertAnother: (tx, changes) => tx.catalogs.insert(make.catalog(null, changes)),
        update: (tx, change) => tx.catalogs.update({ ...change, set }),
        remove: null,
      }
    },
  },
]

const TENANT_KINDS: readonly VersionedKind[] = [
  {
    name: 'tenant-account',
    entity: 'tenant-account',
    scope: ACME,
    async prepare(store, make) {
      const { user, tenantAccount } = await make.addMember(store, ACME.tenantId)
      const set = { status: 'left' } as const
      return {
        record: tenantAccount,
        set,
        get: (reader) => reader.tenantAccounts.get(tenantAccount.id),
        insertAnother: async (tx, changes) => {
          const account = make.account(user.id)
          await tx.accounts.insert(account)
          await tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, account, changes))
        },
        update: (tx, change) => tx.tenantAccounts.update({ ...change, set }),
        remove: null,
      }
    },
  },
  {
    name: 'application-binding',
    entity: 'application-binding',
    scope: ACME,
    async prepare(store, make) {
      const { catalog } = await make.addApplication(store)
      const another = await make.addApplication(store)
      const binding = make.binding(ACME.tenantId, catalog)
      await store.transact(ACME, (tx) => tx.applicationBindings.insert(binding))
      const set = { status: 'disabled' } as const
      return {
        record: binding,
        set,
        get: (reader) => reader.applicationBindings.get(binding.id),
        insertAnother: (tx, changes) =>
          tx.applicationBindings.insert(make.binding(ACME.tenantId, another.catalog, changes)),
        update: (tx, change) => tx.applicationBindings.update({ ...change, set }),
        remove: null,
      }
    },
  },
  {
    name: 'membership',
    entity: 'membership',
    scope: ACME,
    async prepare(store, make) {
      const { tenantAccount } = await make.addMember(store, ACME.tenantId)
      const membership = make.membership(tenantAccount)
      await store.transact(ACME, (tx) => tx.memberships.insert(membership))
      const set = { validUntil: make.instant() }
      return {
        record: membership,
        set,
        get: (reader) => reader.memberships.get(membership.id),
        insertAnother: (tx, changes) => tx.memberships.insert(make.membership(tenantAccount, changes)),
        update: (tx, change) => tx.memberships.update({ ...change, set }),
        remove: (tx, { id, expectedVersion }) => tx.memberships.delete({ id, expectedVersion }),
      }
    },
  },
  ...(['global', 'tenant', 'application'] as const).map(
    (level): VersionedKind => ({
      name: `profile-value-of-level-${level}`,
      entity: 'profile-value',
      scope: ACME,
      async prepare(store, make) {
        const { user } = await make.addMember(store, ACME.tenantId)
        const { application } = await make.addApplication(store)
        const scope = profileScopeOf(level, application.id)
        const value = make.profileValue(user.id, scope, { first: true })
        await store.transact(ACME, (tx) => tx.profileValues.insert(value))
        const set = { value: ['second'], provenance: { ...value.provenance, source: 'elsewhere' } }
        return {
          record: value,
          set,
          get: (reader) => reader.profileValues.find(keyOf(value)),
          insertAnother: (tx, changes) =>
            tx.profileValues.insert(make.profileValue(user.id, scope, 1, changes)),
          update: (tx, change) => tx.profileValues.update({ ...change, set, level }),
          remove: (tx, { id, expectedVersion }) => tx.profileValues.delete({ id, expectedVersion, level }),
        }
      },
    }),
  ),
]

/** The scope of a profile value of this level in the first tenant. */
export function profileScopeOf(level: ProfileScope['level'], applicationId: Id): ProfileScope {
  if (level === 'global') return { level }
  return level === 'tenant' ? { level, ...ACME } : { level, ...ACME, applicationId }
}

/** The entities that [VER-01] to [VER-03] are about. */
export const VERSIONED_KINDS: readonly VersionedKind[] = [...PLATFORM_KINDS, ...TENANT_KINDS]
