// Every mutable entity of the domain vocabulary, with how one is written, changed and deleted.
import type {
  EntityKind,
  Scope,
  StoreReader,
  StoreTransaction,
  UserEngineStore,
} from '@user-engine/store-protocol'
import { ACME, PLATFORM, type RecordMaker } from '../records.ts'

export interface VersionedKind {
  readonly entity: EntityKind
  /** Tells kinds of the same entity apart. */
  readonly level?: string
  readonly scope: Scope
  /** Writes one record and says how to read, change and, where there is such a thing, delete it. */
  prepare(store: UserEngineStore, make: RecordMaker): Promise<VersionedRecord>
}

export interface VersionedRecord {
  readonly id: string
  get(reader: StoreReader): Promise<{ readonly version: number; readonly updatedAt: string } | null>
  update:
    | ((tx: StoreTransaction, id: string, expectedVersion: number, updatedAt: string) => Promise<void>)
    | null
  delete: ((tx: StoreTransaction, id: string, expectedVersion: number) => Promise<void>) | null
}

const PLATFORM_KINDS: readonly VersionedKind[] = [
  {
    entity: 'user',
    scope: ACME,
    async prepare(store, make) {
      const { user } = await make.addMember(store, ACME.tenantId)
      return {
        id: user.id,
        get: (reader) => reader.users.get(user.id),
        update: (tx, id, expectedVersion, updatedAt) =>
          tx.users.update({ id, expectedVersion, set: { displayName: 'x' }, updatedAt }),
        delete: null,
      }
    },
  },
  {
    entity: 'account',
    scope: ACME,
    async prepare(store, make) {
      const { account } = await make.addMember(store, ACME.tenantId)
      return {
        id: account.id,
        get: (reader) => reader.accounts.get(account.id),
        update: (tx, id, expectedVersion, updatedAt) =>
          tx.accounts.update({ id, expectedVersion, set: { name: 'x' }, updatedAt }),
        delete: null,
      }
    },
  },
  {
    entity: 'external-identity',
    scope: ACME,
    async prepare(store, make) {
      const { user } = await make.addMember(store, ACME.tenantId)
      const identity = make.identity(user.id)
      await store.transact(ACME, (tx) => tx.externalIdentities.insert(identity))
      return {
        id: identity.id,
        get: (reader) => reader.externalIdentities.get(identity.id),
        update: null,
        delete: (tx, id, expectedVersion) => tx.externalIdentities.delete({ id, expectedVersion }),
      }
    },
  },
  {
    entity: 'application',
    scope: PLATFORM,
    async prepare(store, make) {
      const application = make.application()
      await store.transact(PLATFORM, (tx) => tx.applications.insert(application))
      return {
        id: application.id,
        get: (reader) => reader.applications.get(application.id),
        update: (tx, id, expectedVersion, updatedAt) =>
          tx.applications.update({ id, expectedVersion, set: { name: 'x' }, updatedAt }),
        delete: null,
      }
    },
  },
  {
    entity: 'catalog',
    scope: PLATFORM,
    async prepare(store, make) {
      const catalog = make.catalog(null)
      await store.transact(PLATFORM, (tx) => tx.catalogs.insert(catalog))
      return {
        id: catalog.id,
        get: (reader) => reader.catalogs.get(catalog.id),
        update: (tx, id, expectedVersion, updatedAt) =>
          tx.catalogs.update({ id, expectedVersion, set: { attributes: [] }, updatedAt }),
        delete: null,
      }
    },
  },
]

const TENANT_KINDS: readonly VersionedKind[] = [
  {
    entity: 'tenant-account',
    scope: ACME,
    async prepare(store, make) {
      const { tenantAccount } = await make.addMember(store, ACME.tenantId)
      return {
        id: tenantAccount.id,
        get: (reader) => reader.tenantAccounts.get(tenantAccount.id),
        update: (tx, id, expectedVersion, updatedAt) =>
          tx.tenantAccounts.update({ id, expectedVersion, set: { status: 'left' }, updatedAt }),
        delete: null,
      }
    },
  },
  {
    entity: 'application-binding',
    scope: ACME,
    async prepare(store, make) {
      const application = make.application()
      const catalog = make.catalog(application.id)
      const binding = make.binding(ACME.tenantId, catalog)
      await store.transact(PLATFORM, async (tx) => {
        await tx.applications.insert(application)
        await tx.catalogs.insert(catalog)
      })
      await store.transact(ACME, (tx) => tx.applicationBindings.insert(binding))
      return {
        id: binding.id,
        get: (reader) => reader.applicationBindings.get(binding.id),
        update: (tx, id, expectedVersion, updatedAt) =>
          tx.applicationBindings.update({ id, expectedVersion, set: { status: 'disabled' }, updatedAt }),
        delete: null,
      }
    },
  },
  {
    entity: 'membership',
    scope: ACME,
    async prepare(store, make) {
      const { tenantAccount } = await make.addMember(store, ACME.tenantId)
      const membership = make.membership(tenantAccount)
      await store.transact(ACME, (tx) => tx.memberships.insert(membership))
      return {
        id: membership.id,
        get: (reader) => reader.memberships.get(membership.id),
        update: (tx, id, expectedVersion, updatedAt) =>
          tx.memberships.update({ id, expectedVersion, set: { validUntil: updatedAt }, updatedAt }),
        delete: (tx, id, expectedVersion) => tx.memberships.delete({ id, expectedVersion }),
      }
    },
  },
]

function profileValueKind(level: 'global' | 'tenant'): VersionedKind {
  return {
    entity: 'profile-value',
    level,
    scope: ACME,
    async prepare(store, make) {
      const { user } = await make.addMember(store, ACME.tenantId)
      const value = make.profileValue(user.id, level === 'global' ? { level } : { level, ...ACME }, 1)
      await store.transact(ACME, (tx) => tx.profileValues.insert(value))
      return {
        id: value.id,
        get: (reader) => reader.profileValues.find(value),
        update: (tx, id, expectedVersion, updatedAt) => {
          const set = { value: 2, provenance: value.provenance }
          return tx.profileValues.update({ id, expectedVersion, set, updatedAt, level })
        },
        delete: (tx, id, expectedVersion) => tx.profileValues.delete({ id, expectedVersion, level }),
      }
    },
  }
}

/** The entities that [VER-01] to [VER-03] are about. */
export const VERSIONED_KINDS: readonly VersionedKind[] = [
  ...PLATFORM_KINDS,
  ...TENANT_KINDS,
  profileValueKind('global'),
  profileValueKind('tenant'),
]
