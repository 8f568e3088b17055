import { ACME, PLATFORM } from '../../records.ts'
import { byId, compareBytes, ITEM_COUNT, itemsById, type ListUnderTest, many } from './listed-item.ts'

const ofPlatform = { scope: PLATFORM, writtenIn: PLATFORM, orderedBy: 'key' } as const

/** Tenants whose bytewise order is not that of any language. */
const TENANTS = ['b', 'a', 'B', 'A', '~', '!', 'a1', 'a-1', 'a_1', 'a.1', 'aa', 'Z', 'z', '0', '10', '9']

const users: ListUnderTest = {
  name: 'users',
  ...ofPlatform,
  async prepare(_, make) {
    const items = itemsById(
      many(() => make.user()),
      (tx, user) => tx.users.insert(user),
    )
    return { items, list: (reader, page) => byId(reader.users.list(page)) }
  },
}

const accounts: ListUnderTest = {
  name: 'accounts-of-a-user',
  ...ofPlatform,
  async prepare(store, make) {
    const user = make.user()
    await store.transact(PLATFORM, (tx) => tx.users.insert(user))
    await make.addMember(store, ACME.tenantId)
    const items = itemsById(
      many(() => make.account(user.id)),
      (tx, account) => tx.accounts.insert(account),
    )
    return { items, list: (reader, page) => byId(reader.accounts.listByUser({ userId: user.id, page })) }
  },
}

const identities: ListUnderTest = {
  name: 'identities-of-a-user-on-the-platform',
  ...ofPlatform,
  async prepare(store, make) {
    const [user, other] = [make.user(), make.user()]
    await store.transact(PLATFORM, (tx) => {
      void tx.users.insert(user)
      void tx.users.insert(other)
      void tx.externalIdentities.insert(make.identity(other.id))
    })
    const items = itemsById(
      many(() => make.identity(user.id)),
      (tx, identity) => tx.externalIdentities.insert(identity),
      (tx, { id }) => tx.externalIdentities.delete({ id, expectedVersion: 1 }),
    )
    return {
      items,
      list: (reader, page) => byId(reader.externalIdentities.listByUser({ userId: user.id, page })),
    }
  },
}

const applications: ListUnderTest = {
  name: 'applications',
  ...ofPlatform,
  async prepare(_, make) {
    const items = itemsById(
      many(() => make.application()),
      (tx, application) => tx.applications.insert(application),
    )
    return { items, list: (reader, page) => byId(reader.applications.list(page)) }
  },
}

const catalogs: ListUnderTest = {
  name: 'catalogs',
  ...ofPlatform,
  async prepare(_, make) {
    const items = itemsById(
      many(() => make.catalog(null)),
      (tx, catalog) => tx.catalogs.insert(catalog),
    )
    return { items, list: (reader, page) => byId(reader.catalogs.list(page)) }
  },
}

function versionsOf(owner: 'an-application' | 'the-platform'): ListUnderTest {
  return {
    name: `catalog-versions-of-${owner}`,
    ...ofPlatform,
    async prepare(store, make) {
      const { application } = await make.addApplication(store)
      const applicationId = owner === 'the-platform' ? null : application.id
      const key = 'profile'
      await store.transact(PLATFORM, (tx) => {
        void tx.catalogs.insert(make.catalog(applicationId, { key: 'other' }))
        void tx.catalogs.insert(make.catalog(owner === 'the-platform' ? application.id : null, { key }))
      })
      const versions = many((index) =>
        make.catalog(applicationId, { key, catalogVersion: ITEM_COUNT - index }),
      )
      return {
        items: versions.map((catalog) => ({
          key: `version ${catalog.catalogVersion}`,
          insert: (tx) => tx.catalogs.insert(catalog),
          remove: null,
        })),
        async list(reader, page) {
          const { items, nextCursor } = await reader.catalogs.listVersions({ applicationId, key, page })
          return { keys: items.map(({ catalogVersion }) => `version ${catalogVersion}`), nextCursor }
        },
      }
    },
  }
}

const tenantsOfUser: ListUnderTest = {
  name: 'tenants-of-a-user',
  ...ofPlatform,
  async prepare(store, make) {
    const user = make.user()
    const [account, second] = [make.account(user.id), make.account(user.id)]
    await make.addMember(store, 'a')
    await store.transact(PLATFORM, (tx) => {
      void tx.users.insert(user)
      void tx.accounts.insert(account)
      void tx.accounts.insert(second)
    })
    // Two in each tenant: by tenant id first, then by id.
    const presences = TENANTS.toSorted(compareBytes).flatMap((tenantId) =>
      [account, second]
        .map((of) => make.tenantAccount(tenantId, of))
        .toSorted((one, other) => compareBytes(one.id, other.id)),
    )
    return {
      items: presences.map((presence) => ({
        key: presence.id,
        insert: (tx) => tx.tenantAccounts.insert(presence),
        remove: null,
      })),
      list: (reader, page) => byId(reader.tenantAccounts.listByUser({ userId: user.id, page })),
    }
  },
}

const globalValues: ListUnderTest = {
  name: 'global-values-of-a-user',
  ...ofPlatform,
  async prepare(store, make) {
    const { user } = await make.addMember(store, ACME.tenantId)
    await store.transact(ACME, (tx) =>
      tx.profileValues.insert(make.profileValue(user.id, { level: 'tenant', ...ACME }, 1)),
    )
    const keys = ['a', 'a-b', 'a.b', 'a_b', 'ab', 'b', 'z', '0', '10', '9'].toSorted(compareBytes)
    const values = keys.map((attributeKey) =>
      make.profileValue(user.id, { level: 'global' }, 1, { attributeKey }),
    )
    return {
      items: values.map((value) => ({
        key: value.id,
        insert: (tx) => tx.profileValues.insert(value),
        remove: (tx) => tx.profileValues.delete({ id: value.id, expectedVersion: 1, level: 'global' }),
      })),
      list: (reader, page) => byId(reader.profileValues.listByUser({ userId: user.id, page })),
    }
  },
}

/** The lists of a platform scope. */
export const PLATFORM_LISTS = {
  users,
  accounts,
  identities,
  applications,
  catalogs,
  catalogVersions: versionsOf('an-application'),
  catalogVersionsOfPlatform: versionsOf('the-platform'),
  tenantsOfUser,
  globalValues,
} as const
