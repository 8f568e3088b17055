// Every list of the protocol, with items in an order that is not the list's own.
import type { Page, PageRequest, Scope, StoreReader, UserEngineStore } from '@user-engine/store-protocol'
import { shuffle } from '../random.ts'
import { ACME, PLATFORM, type RecordMaker } from '../records.ts'

export interface ListUnderTest {
  readonly name: string
  readonly scope: Scope
  /** Writes items, some in an order that is not the order of the list; says what the list must then hold. */
  prepare(store: UserEngineStore, make: RecordMaker, random: () => number): Promise<PreparedList>
}

export interface PreparedList {
  readonly expected: readonly string[]
  list(reader: StoreReader, page: PageRequest): Promise<Page<unknown>>
  idOf(item: never): string
  /** Adds one more item while the list is being paged through. */
  addAnother(): Promise<void>
}

const COUNT = 23

const byId = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id).sort()
const idOf = ({ id }: { readonly id: string }) => id

const PLATFORM_LISTS: readonly ListUnderTest[] = [
  {
    name: 'users',
    scope: PLATFORM,
    async prepare(store, make, random) {
      const users = shuffle(
        Array.from({ length: COUNT }, () => make.user()),
        random,
      )
      for (const user of users) await store.transact(PLATFORM, (tx) => tx.users.insert(user))
      const addAnother = () => store.transact(PLATFORM, (tx) => tx.users.insert(make.user()))
      return { expected: byId(users), list: (reader, page) => reader.users.list(page), idOf, addAnother }
    },
  },
  {
    name: 'applications',
    scope: PLATFORM,
    async prepare(store, make, random) {
      const items = shuffle(
        Array.from({ length: COUNT }, () => make.application()),
        random,
      )
      for (const item of items) await store.transact(PLATFORM, (tx) => tx.applications.insert(item))
      const addAnother = () => store.transact(PLATFORM, (tx) => tx.applications.insert(make.application()))
      return {
        expected: byId(items),
        list: (reader, page) => reader.applications.list(page),
        idOf,
        addAnother,
      }
    },
  },
  {
    name: 'catalogs',
    scope: PLATFORM,
    async prepare(store, make, random) {
      const items = shuffle(
        Array.from({ length: COUNT }, () => make.catalog(null)),
        random,
      )
      for (const item of items) await store.transact(PLATFORM, (tx) => tx.catalogs.insert(item))
      const addAnother = () => store.transact(PLATFORM, (tx) => tx.catalogs.insert(make.catalog(null)))
      return { expected: byId(items), list: (reader, page) => reader.catalogs.list(page), idOf, addAnother }
    },
  },
  {
    name: 'catalog-versions',
    scope: PLATFORM,
    async prepare(store, make, random) {
      const family = { applicationId: null, key: 'profile' }
      const items = Array.from({ length: COUNT }, (_, index) =>
        make.catalog(null, { ...family, catalogVersion: index + 1 }),
      )
      const others = make.catalog(null, { key: 'other' })
      for (const item of shuffle([...items, others], random))
        await store.transact(PLATFORM, (tx) => tx.catalogs.insert(item))
      let next = COUNT
      return {
        expected: items.map(({ id }) => id).reverse(),
        list: (reader, page) => reader.catalogs.listVersions({ ...family, page }),
        idOf,
        addAnother: () => {
          next += 1
          return store.transact(PLATFORM, (tx) =>
            tx.catalogs.insert(make.catalog(null, { ...family, catalogVersion: next })),
          )
        },
      }
    },
  },
  {
    name: 'tenants-of-a-user',
    scope: PLATFORM,
    async prepare(store, make, random) {
      const user = make.user()
      const account = make.account(user.id)
      await store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(user)
        await tx.accounts.insert(account)
      })
      const tenants = [
        'b',
        'a',
        'B',
        'A',
        '~',
        '!',
        'a1',
        'a-1',
        ...Array.from({ length: COUNT }, (_, index) => `t${index}`),
      ]
      const items = shuffle(tenants, random).map((tenantId) => make.tenantAccount(tenantId, account))
      for (const item of items) await store.transact(PLATFORM, (tx) => tx.tenantAccounts.insert(item))
      let next = 0
      return {
        expected: items.map(({ tenantId }) => tenantId).sort(),
        list: (reader, page) => reader.tenantAccounts.listByUser({ userId: user.id, page }),
        idOf: ({ tenantId }: { readonly tenantId: string }) => tenantId,
        addAnother: () => {
          next += 1
          return store.transact(PLATFORM, (tx) =>
            tx.tenantAccounts.insert(make.tenantAccount(`u${next}`, account)),
          )
        },
      }
    },
  },
]

const TENANT_LISTS: readonly ListUnderTest[] = [
  {
    name: 'users-of-a-tenant',
    scope: ACME,
    async prepare(store, make) {
      const members = []
      for (let index = 0; index < COUNT; index++) members.push(await make.addMember(store, ACME.tenantId))
      for (let index = 0; index < 5; index++) await make.addMember(store, 'elsewhere')
      // A second account of the same user in the tenant must not list the user twice.
      const [first] = members
      const second = make.account(first?.user.id ?? '')
      await store.transact(PLATFORM, async (tx) => {
        await tx.accounts.insert(second)
        await tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, second))
      })
      return {
        expected: byId(members.map(({ user }) => user)),
        list: (reader, page) => reader.users.list(page),
        idOf,
        addAnother: async () => void (await make.addMember(store, ACME.tenantId)),
      }
    },
  },
  {
    name: 'tenant-accounts',
    scope: ACME,
    async prepare(store, make) {
      const members = []
      for (let index = 0; index < COUNT; index++) members.push(await make.addMember(store, ACME.tenantId))
      await make.addMember(store, 'elsewhere')
      return {
        expected: byId(members.map(({ tenantAccount }) => tenantAccount)),
        list: (reader, page) => reader.tenantAccounts.list(page),
        idOf,
        addAnother: async () => void (await make.addMember(store, ACME.tenantId)),
      }
    },
  },
  {
    name: 'external-identities',
    scope: ACME,
    async prepare(store, make, random) {
      const { user } = await make.addMember(store, ACME.tenantId)
      const items = shuffle(
        Array.from({ length: COUNT }, () => make.identity(user.id)),
        random,
      )
      for (const item of items) await store.transact(ACME, (tx) => tx.externalIdentities.insert(item))
      return {
        expected: byId(items),
        list: (reader, page) => reader.externalIdentities.listByUser({ userId: user.id, page }),
        idOf,
        addAnother: () => store.transact(ACME, (tx) => tx.externalIdentities.insert(make.identity(user.id))),
      }
    },
  },
  {
    name: 'accounts-of-a-user',
    scope: PLATFORM,
    async prepare(store, make, random) {
      const user = make.user()
      await store.transact(PLATFORM, (tx) => tx.users.insert(user))
      const items = shuffle(
        Array.from({ length: COUNT }, () => make.account(user.id)),
        random,
      )
      for (const item of items) await store.transact(PLATFORM, (tx) => tx.accounts.insert(item))
      return {
        expected: byId(items),
        list: (reader, page) => reader.accounts.listByUser({ userId: user.id, page }),
        idOf,
        addAnother: () => store.transact(PLATFORM, (tx) => tx.accounts.insert(make.account(user.id))),
      }
    },
  },
  {
    name: 'application-bindings',
    scope: ACME,
    async prepare(store, make, random) {
      const addAnother = async () => {
        const application = make.application()
        const catalog = make.catalog(application.id)
        await store.transact(PLATFORM, async (tx) => {
          await tx.applications.insert(application)
          await tx.catalogs.insert(catalog)
        })
        return make.binding(ACME.tenantId, catalog)
      }
      const items = []
      for (let index = 0; index < COUNT; index++) items.push(await addAnother())
      for (const item of shuffle(items, random))
        await store.transact(ACME, (tx) => tx.applicationBindings.insert(item))
      return {
        expected: byId(items),
        list: (reader, page) => reader.applicationBindings.list(page),
        idOf,
        addAnother: async () => {
          const another = await addAnother()
          await store.transact(ACME, (tx) => tx.applicationBindings.insert(another))
        },
      }
    },
  },
  {
    name: 'memberships-of-a-tenant-account',
    scope: ACME,
    async prepare(store, make, random) {
      const { tenantAccount } = await make.addMember(store, ACME.tenantId)
      const groups = ['a', 'a-b', 'a.b', 'a_b', 'ab', 'b']
      const items = groups.flatMap((group) =>
        ['1', '10', '2', 'x'].map((role) => make.membership(tenantAccount, { group, role })),
      )
      for (const item of shuffle(items, random))
        await store.transact(ACME, (tx) => tx.memberships.insert(item))
      const key = ({ group, role }: { readonly group: string; readonly role: string }) => `${group} ${role}`
      return {
        expected: items.map(key).sort(compareBytes),
        list: (reader, page) =>
          reader.memberships.listByTenantAccount({ tenantAccountId: tenantAccount.id, page }),
        idOf: key,
        addAnother: () =>
          store.transact(ACME, (tx) =>
            tx.memberships.insert(make.membership(tenantAccount, { group: 'zz' })),
          ),
      }
    },
  },
  {
    name: 'memberships-in-a-group',
    scope: ACME,
    async prepare(store, make, random) {
      const { tenantAccount } = await make.addMember(store, ACME.tenantId)
      const items = shuffle(
        Array.from({ length: COUNT }, () => make.membership(tenantAccount)),
        random,
      )
      for (const item of items) await store.transact(ACME, (tx) => tx.memberships.insert(item))
      await store.transact(ACME, (tx) =>
        tx.memberships.insert(make.membership(tenantAccount, { group: 'other' })),
      )
      return {
        expected: byId(items),
        list: (reader, page) => reader.memberships.listByGroup({ group: 'staff', page }),
        idOf,
        addAnother: () => store.transact(ACME, (tx) => tx.memberships.insert(make.membership(tenantAccount))),
      }
    },
  },
  {
    name: 'profile-values-of-a-user',
    scope: ACME,
    async prepare(store, make, random) {
      const { user } = await make.addMember(store, ACME.tenantId)
      const [bound, other] = [make.application(), make.application()]
      await store.transact(PLATFORM, async (tx) => {
        await tx.applications.insert(bound)
        await tx.applications.insert(other)
      })
      const ofApplication = ({ id }: { readonly id: string }) =>
        ({ level: 'application', ...ACME, applicationId: id }) as const
      const scopes = [{ level: 'global' }, { level: 'tenant', ...ACME }, ofApplication(bound)] as const
      const keys = ['a', 'a-b', 'a.b', 'a_b', 'ab', 'b', 'z']
      const values = keys.flatMap((attributeKey) =>
        scopes.map((scope) => make.profileValue(user.id, scope, 1, { attributeKey })),
      )
      const noise = keys.map((attributeKey) =>
        make.profileValue(user.id, ofApplication(other), 1, { attributeKey }),
      )
      for (const value of shuffle([...values, ...noise], random))
        await store.transact(ACME, (tx) => tx.profileValues.insert(value))
      return {
        expected: values.map(({ id }) => id),
        list: (reader, page) =>
          reader.profileValues.listByUser({ userId: user.id, applicationId: bound.id, page }),
        idOf,
        addAnother: () =>
          store.transact(ACME, (tx) =>
            tx.profileValues.insert(
              make.profileValue(user.id, { level: 'global' }, 1, { attributeKey: `zz-${make.id()}` }),
            ),
          ),
      }
    },
  },
]

const LOG_LISTS: readonly ListUnderTest[] = [
  {
    name: 'audit-records',
    scope: ACME,
    async prepare(store, make) {
      const items = Array.from({ length: COUNT }, () => make.audit(ACME.tenantId))
      for (const item of items) await store.transact(ACME, (tx) => tx.audit.append(item))
      return {
        expected: items.map(({ id }) => id),
        list: (reader, page) => reader.audit.list({ page }),
        idOf,
        addAnother: () => store.transact(ACME, (tx) => tx.audit.append(make.audit(ACME.tenantId))),
      }
    },
  },
  {
    name: 'outbox-events',
    scope: ACME,
    async prepare(store, make) {
      const items = Array.from({ length: COUNT }, () => make.event(ACME.tenantId))
      for (const item of items) await store.transact(ACME, (tx) => tx.outbox.append(item))
      return {
        expected: items.map(({ id }) => id),
        list: (reader, page) => reader.outbox.list({ page }),
        idOf: ({ event }: { readonly event: { readonly id: string } }) => event.id,
        addAnother: () => store.transact(ACME, (tx) => tx.outbox.append(make.event(ACME.tenantId))),
      }
    },
  },
]

function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

/** The lists that [QRY-01] and [QRY-02] are about. */
export const LISTS: readonly ListUnderTest[] = [...PLATFORM_LISTS, ...TENANT_LISTS, ...LOG_LISTS]
