// Every unique key of the domain vocabulary, with what it takes to violate it.
import type { ErrorCode, Scope, StoreTransaction, UserEngineStore } from '@user-engine/store-protocol'
import { ACME, PLATFORM, type RecordMaker } from '../records.ts'

export interface UniqueKey {
  readonly name: string
  readonly scope: Scope
  readonly error: { readonly code: ErrorCode; readonly data: unknown }
  /** Prepares what both inserts need, and returns the insert for each round. */
  prepare(store: UserEngineStore, make: RecordMaker): Promise<(tx: StoreTransaction) => Promise<void>>
}

const duplicate = (entity: string, key: string) => ({ code: 'DUPLICATE_KEY', data: { entity, key } }) as const

/** The keys that [IDN-03] is about. */
export const UNIQUE_KEYS: readonly UniqueKey[] = [
  {
    name: 'user-id',
    scope: PLATFORM,
    error: duplicate('user', 'id'),
    async prepare(_, make) {
      const user = make.user()
      return (tx) => tx.users.insert(user)
    },
  },
  {
    name: 'account-id',
    scope: PLATFORM,
    error: duplicate('account', 'id'),
    async prepare(store, make) {
      const user = make.user()
      const account = make.account(user.id)
      await store.transact(PLATFORM, (tx) => tx.users.insert(user))
      return (tx) => tx.accounts.insert(account)
    },
  },
  {
    name: 'external-identity-id',
    scope: PLATFORM,
    error: duplicate('external-identity', 'id'),
    async prepare(store, make) {
      const user = make.user()
      const id = make.id()
      await store.transact(PLATFORM, (tx) => tx.users.insert(user))
      return (tx) => tx.externalIdentities.insert(make.identity(user.id, { id }))
    },
  },
  {
    name: 'application-id',
    scope: PLATFORM,
    error: duplicate('application', 'id'),
    async prepare(_, make) {
      const id = make.id()
      return (tx) => tx.applications.insert(make.application({ id }))
    },
  },
  {
    name: 'application-key',
    scope: PLATFORM,
    error: duplicate('application', 'key'),
    async prepare(_, make) {
      return (tx) => tx.applications.insert(make.application({ key: 'crm' }))
    },
  },
  {
    name: 'catalog-version-of-an-application',
    scope: PLATFORM,
    error: duplicate('catalog', 'applicationId,key,catalogVersion'),
    async prepare(store, make) {
      const application = make.application()
      await store.transact(PLATFORM, (tx) => tx.applications.insert(application))
      return (tx) => tx.catalogs.insert(make.catalog(application.id, { key: 'profile' }))
    },
  },
  {
    name: 'catalog-version-of-the-platform',
    scope: PLATFORM,
    error: duplicate('catalog', 'applicationId,key,catalogVersion'),
    async prepare(_, make) {
      return (tx) => tx.catalogs.insert(make.catalog(null, { key: 'profile' }))
    },
  },
  {
    name: 'tenant-account-of-an-account',
    scope: PLATFORM,
    error: duplicate('tenant-account', 'tenantId,accountId'),
    async prepare(store, make) {
      const user = make.user()
      const account = make.account(user.id)
      await store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(user)
        await tx.accounts.insert(account)
      })
      return (tx) => tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, account))
    },
  },
  {
    name: 'application-binding',
    scope: ACME,
    error: duplicate('application-binding', 'tenantId,applicationId'),
    async prepare(store, make) {
      const application = make.application()
      const catalog = make.catalog(application.id)
      await store.transact(PLATFORM, async (tx) => {
        await tx.applications.insert(application)
        await tx.catalogs.insert(catalog)
      })
      return (tx) => tx.applicationBindings.insert(make.binding(ACME.tenantId, catalog))
    },
  },
  {
    name: 'membership',
    scope: ACME,
    error: duplicate('membership', 'tenantAccountId,group,role'),
    async prepare(store, make) {
      const { tenantAccount } = await make.addMember(store, ACME.tenantId)
      return (tx) => tx.memberships.insert(make.membership(tenantAccount, { group: 'staff', role: 'member' }))
    },
  },
  ...(['global', 'tenant', 'application'] as const).map(
    (level): UniqueKey => ({
      name: `profile-value-of-level-${level}`,
      scope: ACME,
      error: duplicate('profile-value', 'userId,scope,attributeKey'),
      async prepare(store, make) {
        const { user } = await make.addMember(store, ACME.tenantId)
        const application = make.application()
        await store.transact(PLATFORM, (tx) => tx.applications.insert(application))
        const inTenant = { ...ACME, applicationId: application.id }
        const scope =
          level === 'global' ? { level } : level === 'tenant' ? { level, ...ACME } : { level, ...inTenant }
        return (tx) =>
          tx.profileValues.insert(make.profileValue(user.id, scope, 1, { attributeKey: 'nickname' }))
      },
    }),
  ),
  {
    name: 'audit-record-id',
    scope: ACME,
    error: duplicate('audit-record', 'id'),
    async prepare(_, make) {
      const id = make.id()
      return (tx) => tx.audit.append(make.audit(ACME.tenantId, { id }))
    },
  },
  {
    name: 'outbox-event-id',
    scope: ACME,
    error: duplicate('outbox-event', 'id'),
    async prepare(_, make) {
      const id = make.id()
      return (tx) => tx.outbox.append(make.event(ACME.tenantId, { id }))
    },
  },
]
