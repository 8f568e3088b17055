// Every unique key of the domain vocabulary, with what it takes to violate it.
import type {
  EntityKind,
  ErrorCode,
  Scope,
  StoreTransaction,
  UserEngineStore,
} from '@user-engine/store-protocol'
import { ACME, PLATFORM, type RecordMaker } from '../../records.ts'
import { profileScopeOf } from '../versions/versioned-kinds.ts'

export interface UniqueKey {
  readonly name: string
  readonly entity: EntityKind
  readonly scope: Scope
  /** What a violation must say. */
  readonly error: { readonly code: ErrorCode; readonly data: unknown }
  /** Prepares what every insert needs. */
  prepare(store: UserEngineStore, make: RecordMaker): Promise<Contest>
}

interface Contest {
  /** Writes one more record that holds the key. */
  insert(tx: StoreTransaction): Promise<void>
  /** Deletes the record that holds it; null for what is never deleted. */
  readonly release: ((tx: StoreTransaction) => Promise<void>) | null
}

type Prepare = (store: UserEngineStore, make: RecordMaker) => Promise<Contest>

const unique = (
  name: string,
  [entity, key]: readonly [EntityKind, string],
  scope: Scope,
  prepare: Prepare,
): UniqueKey => ({ name, entity, scope, prepare, error: { code: 'DUPLICATE_KEY', data: { entity, key } } })

const forGood = (insert: Contest['insert']): Contest => ({ insert, release: null })

const PLATFORM_KEYS: readonly UniqueKey[] = [
  unique('user-id', ['user', 'id'], PLATFORM, async (_, make) => {
    const id = make.id()
    return forGood((tx) => tx.users.insert(make.user({ id })))
  }),
  unique('account-id', ['account', 'id'], PLATFORM, async (store, make) => {
    const user = make.user()
    const id = make.id()
    await store.transact(PLATFORM, (tx) => tx.users.insert(user))
    return forGood((tx) => tx.accounts.insert(make.account(user.id, { id })))
  }),
  unique('external-identity-id', ['external-identity', 'id'], PLATFORM, async (store, make) => {
    const user = make.user()
    const id = make.id()
    await store.transact(PLATFORM, (tx) => tx.users.insert(user))
    return {
      insert: (tx) => tx.externalIdentities.insert(make.identity(user.id, { id })),
      release: (tx) => tx.externalIdentities.delete({ id, expectedVersion: 1 }),
    }
  }),
  unique('application-id', ['application', 'id'], PLATFORM, async (_, make) => {
    const id = make.id()
    return forGood((tx) => tx.applications.insert(make.application({ id })))
  }),
  unique('application-key', ['application', 'key'], PLATFORM, async (_, make) => {
    const { key } = make.application()
    return forGood((tx) => tx.applications.insert(make.application({ key })))
  }),
  unique('catalog-id', ['catalog', 'id'], PLATFORM, async (_, make) => {
    const id = make.id()
    return forGood((tx) => tx.catalogs.insert(make.catalog(null, { id })))
  }),
  unique(
    'catalog-version-of-an-application',
    ['catalog', 'applicationId,key,catalogVersion'],
    PLATFORM,
    async (store, make) => {
      const { application } = await make.addApplication(store)
      const family = { key: 'profile', catalogVersion: 7 }
      return forGood((tx) => tx.catalogs.insert(make.catalog(application.id, family)))
    },
  ),
  // Databases hold two absent application ids to be different unless told otherwise.
  unique(
    'catalog-version-of-the-platform',
    ['catalog', 'applicationId,key,catalogVersion'],
    PLATFORM,
    async (_, make) => {
      const { key } = make.catalog(null)
      return forGood((tx) => tx.catalogs.insert(make.catalog(null, { key })))
    },
  ),
]

const TENANT_KEYS: readonly UniqueKey[] = [
  unique('tenant-account-id', ['tenant-account', 'id'], PLATFORM, async (store, make) => {
    const user = make.user()
    const id = make.id()
    await store.transact(PLATFORM, (tx) => tx.users.insert(user))
    return forGood((tx) => {
      const account = make.account(user.id)
      void tx.accounts.insert(account)
      return tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, account, { id }))
    })
  }),
  unique(
    'tenant-account-of-an-account',
    ['tenant-account', 'tenantId,accountId'],
    PLATFORM,
    async (store, make) => {
      const { user } = await make.addMember(store, ACME.tenantId)
      const account = make.account(user.id)
      await store.transact(PLATFORM, (tx) => tx.accounts.insert(account))
      const outsider = make.tenantAccount('elsewhere', account)
      await store.transact(PLATFORM, (tx) => tx.tenantAccounts.insert(outsider))
      return forGood((tx) => tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, account)))
    },
  ),
  unique('application-binding-id', ['application-binding', 'id'], ACME, async (store, make) => {
    const id = make.id()
    const catalogs: Awaited<ReturnType<RecordMaker['addApplication']>>['catalog'][] = []
    for (let index = 0; index < 16; index++) catalogs.push((await make.addApplication(store)).catalog)
    let next = 0
    return forGood((tx) => {
      const catalog = catalogs[next % catalogs.length] ?? make.catalog(null)
      next += 1
      return tx.applicationBindings.insert(make.binding(ACME.tenantId, catalog, { id }))
    })
  }),
  unique(
    'application-binding-of-an-application',
    ['application-binding', 'tenantId,applicationId'],
    ACME,
    async (store, make) => {
      const { catalog } = await make.addApplication(store)
      return forGood((tx) => tx.applicationBindings.insert(make.binding(ACME.tenantId, catalog)))
    },
  ),
  unique('membership-id', ['membership', 'id'], ACME, async (store, make) => {
    const { tenantAccount } = await make.addMember(store, ACME.tenantId)
    const id = make.id()
    return {
      insert: (tx) => tx.memberships.insert(make.membership(tenantAccount, { id })),
      release: (tx) => tx.memberships.delete({ id, expectedVersion: 1 }),
    }
  }),
  unique(
    'membership-of-a-tenant-account',
    ['membership', 'tenantAccountId,group,role'],
    ACME,
    async (store, make) => {
      const { tenantAccount } = await make.addMember(store, ACME.tenantId)
      const key = { group: 'staff', role: 'member' }
      return {
        insert: (tx) => tx.memberships.insert(make.membership(tenantAccount, key)),
        async release(tx) {
          const found = await tx.memberships.find({ tenantAccountId: tenantAccount.id, ...key })
          await tx.memberships.delete({ id: found?.id ?? '', expectedVersion: found?.version ?? 0 })
        },
      }
    },
  ),
  ...(['global', 'tenant', 'application'] as const).flatMap((level) => [
    unique(`profile-value-id-of-level-${level}`, ['profile-value', 'id'], ACME, async (store, make) => {
      const { user } = await make.addMember(store, ACME.tenantId)
      const { application } = await make.addApplication(store)
      const scope = profileScopeOf(level, application.id)
      const id = make.id()
      return {
        insert: (tx) => tx.profileValues.insert(make.profileValue(user.id, scope, 1, { id })),
        release: (tx) => tx.profileValues.delete({ id, expectedVersion: 1, level }),
      }
    }),
    unique(
      `profile-value-of-level-${level}`,
      ['profile-value', 'userId,scope,attributeKey'],
      ACME,
      async (store, make) => {
        const { user } = await make.addMember(store, ACME.tenantId)
        const { application } = await make.addApplication(store)
        const key = { scope: profileScopeOf(level, application.id), attributeKey: 'nickname' }
        return {
          insert: (tx) =>
            tx.profileValues.insert(
              make.profileValue(user.id, key.scope, 1, { attributeKey: key.attributeKey }),
            ),
          async release(tx) {
            const found = await tx.profileValues.find({ userId: user.id, ...key })
            const { id = '', version = 0 } = found ?? {}
            await tx.profileValues.delete({ id, expectedVersion: version, level })
          },
        }
      },
    ),
  ]),
]

const LOG_KEYS: readonly UniqueKey[] = [
  unique('audit-record-id', ['audit-record', 'id'], ACME, async (_, make) => {
    const id = make.id()
    return forGood((tx) => tx.audit.append(make.audit(ACME.tenantId, { id })))
  }),
  unique('audit-record-id-of-the-platform', ['audit-record', 'id'], PLATFORM, async (_, make) => {
    const id = make.id()
    return forGood((tx) => tx.audit.append(make.audit(null, { id })))
  }),
  unique('outbox-event-id', ['outbox-event', 'id'], ACME, async (_, make) => {
    const id = make.id()
    return forGood((tx) => tx.outbox.append(make.event(ACME.tenantId, { id })))
  }),
  unique('outbox-event-id-of-the-platform', ['outbox-event', 'id'], PLATFORM, async (_, make) => {
    const id = make.id()
    return forGood((tx) => tx.outbox.append(make.event(null, { id })))
  }),
]

/** The keys that [IDN-03] is about. */
export const UNIQUE_KEYS: readonly UniqueKey[] = [...PLATFORM_KEYS, ...TENANT_KEYS, ...LOG_KEYS]
