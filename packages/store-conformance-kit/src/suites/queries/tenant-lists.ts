import type { Membership, StoreTransaction } from '@user-engine/store-protocol'
import { ACME, type Member, PLATFORM } from '../../records.ts'
import { byId, compareBytes, itemsById, type ListUnderTest, many } from './listed-item.ts'

const ofTenant = { scope: ACME, writtenIn: ACME, orderedBy: 'key' } as const
const ELSEWHERE = 'elsewhere'

function insertMember(tx: StoreTransaction, { user, account, tenantAccount }: Member): Promise<void> {
  void tx.users.insert(user)
  void tx.accounts.insert(account)
  return tx.tenantAccounts.insert(tenantAccount)
}

const removeMembership = (tx: StoreTransaction, { id }: Membership) =>
  tx.memberships.delete({ id, expectedVersion: 1 })

const users: ListUnderTest = {
  name: 'users-of-a-tenant',
  ...ofTenant,
  async prepare(store, make) {
    for (let index = 0; index < 3; index++) await make.addMember(store, ELSEWHERE)
    const members = many(() => make.member(ACME.tenantId))
    return {
      items: members.map((member) => ({
        key: member.user.id,
        insert(tx) {
          void insertMember(tx, member)
          // A second account of the user in the tenant must not list the user twice.
          const second = make.account(member.user.id)
          void tx.accounts.insert(second)
          return tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, second))
        },
        remove: null,
      })),
      list: (reader, page) => byId(reader.users.list(page)),
    }
  },
}

// Written by the platform: in the tenant's own scope the user must be visible before it has a second account.
const accounts: ListUnderTest = {
  name: 'accounts-of-a-user-in-a-tenant',
  ...ofTenant,
  writtenIn: PLATFORM,
  async prepare(store, make) {
    const { user } = await make.addMember(store, ELSEWHERE)
    await store.transact(PLATFORM, (tx) => tx.accounts.insert(make.account(user.id)))
    const accountsOfUser = many(() => make.account(user.id))
    return {
      items: accountsOfUser.map((account) => ({
        key: account.id,
        insert(tx) {
          void tx.accounts.insert(account)
          return tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, account))
        },
        remove: null,
      })),
      list: (reader, page) => byId(reader.accounts.listByUser({ userId: user.id, page })),
    }
  },
}

const tenantAccounts: ListUnderTest = {
  name: 'tenant-accounts',
  ...ofTenant,
  async prepare(store, make) {
    await make.addMember(store, ELSEWHERE)
    const members = many(() => make.member(ACME.tenantId))
    return {
      items: members.map((member) => ({
        key: member.tenantAccount.id,
        insert: (tx) => insertMember(tx, member),
        remove: null,
      })),
      list: (reader, page) => byId(reader.tenantAccounts.list(page)),
    }
  },
}

const tenantAccountsOfUser: ListUnderTest = {
  name: 'tenant-accounts-of-a-user-in-a-tenant',
  ...ofTenant,
  writtenIn: PLATFORM,
  async prepare(store, make) {
    const { user } = await make.addMember(store, ELSEWHERE)
    await make.addMember(store, ACME.tenantId)
    const presences = many(() => {
      const account = make.account(user.id)
      return { account, presence: make.tenantAccount(ACME.tenantId, account) }
    })
    return {
      items: presences.map(({ account, presence }) => ({
        key: presence.id,
        insert(tx) {
          void tx.accounts.insert(account)
          return tx.tenantAccounts.insert(presence)
        },
        remove: null,
      })),
      list: (reader, page) => byId(reader.tenantAccounts.listByUser({ userId: user.id, page })),
    }
  },
}

const identities: ListUnderTest = {
  name: 'identities-of-a-user',
  ...ofTenant,
  async prepare(store, make) {
    const { user } = await make.addMember(store, ACME.tenantId)
    const { user: other } = await make.addMember(store, ACME.tenantId)
    await store.transact(ACME, (tx) => tx.externalIdentities.insert(make.identity(other.id)))
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

const bindings: ListUnderTest = {
  name: 'application-bindings',
  ...ofTenant,
  async prepare(store, make) {
    const applications = many(() => make.application())
    const catalogs = applications.map(({ id }) => make.catalog(id))
    await store.transact(PLATFORM, (tx) => {
      for (const application of applications) void tx.applications.insert(application)
      for (const catalog of catalogs) void tx.catalogs.insert(catalog)
    })
    await store.transact({ tenantId: ELSEWHERE }, (tx) => {
      for (const catalog of catalogs) void tx.applicationBindings.insert(make.binding(ELSEWHERE, catalog))
    })
    const items = itemsById(
      catalogs.map((catalog) => make.binding(ACME.tenantId, catalog)),
      (tx, binding) => tx.applicationBindings.insert(binding),
    )
    return { items, list: (reader, page) => byId(reader.applicationBindings.list(page)) }
  },
}

const membershipsOfAccount: ListUnderTest = {
  name: 'memberships-of-a-tenant-account',
  ...ofTenant,
  async prepare(store, make) {
    const { tenantAccount } = await make.addMember(store, ACME.tenantId)
    const other = await make.addMember(store, ACME.tenantId)
    await store.transact(ACME, (tx) => tx.memberships.insert(make.membership(other.tenantAccount)))
    const groups = ['a', 'a-b', 'a.b', 'a_b', 'ab', 'b'].toSorted(compareBytes)
    const roles = ['1', '10', '2', 'x', 'x-y'].toSorted(compareBytes)
    const memberships = groups.flatMap((group) =>
      roles.map((role) => make.membership(tenantAccount, { group, role })),
    )
    return {
      items: memberships.map((membership) => ({
        key: membership.id,
        insert: (tx) => tx.memberships.insert(membership),
        remove: (tx) => removeMembership(tx, membership),
      })),
      list: (reader, page) =>
        byId(reader.memberships.listByTenantAccount({ tenantAccountId: tenantAccount.id, page })),
    }
  },
}

const membershipsOfGroup: ListUnderTest = {
  name: 'memberships-in-a-group',
  ...ofTenant,
  async prepare(store, make) {
    const [one, two] = [
      await make.addMember(store, ACME.tenantId),
      await make.addMember(store, ACME.tenantId),
    ]
    const abroad = await make.addMember(store, ELSEWHERE)
    await store.transact(ACME, (tx) => {
      for (const group of ['staf', 'staff-2', 'other'])
        void tx.memberships.insert(make.membership(one.tenantAccount, { group }))
    })
    await store.transact({ tenantId: ELSEWHERE }, (tx) =>
      tx.memberships.insert(make.membership(abroad.tenantAccount)),
    )
    const items = itemsById(
      many((index) => make.membership(index % 2 === 0 ? one.tenantAccount : two.tenantAccount)),
      (tx, membership) => tx.memberships.insert(membership),
      removeMembership,
    )
    return { items, list: (reader, page) => byId(reader.memberships.listByGroup({ group: 'staff', page })) }
  },
}

function profileValues(withApplication: boolean): ListUnderTest {
  return {
    name: withApplication ? 'profile-values-with-an-application' : 'profile-values-of-a-user',
    ...ofTenant,
    async prepare(store, make) {
      const { user } = await make.addMember(store, ACME.tenantId)
      const { user: neighbour } = await make.addMember(store, ACME.tenantId)
      const [{ application: bound }, { application: other }] = [
        await make.addApplication(store),
        await make.addApplication(store),
      ]
      const levelOf = (applicationId: string) => ({ level: 'application', ...ACME, applicationId }) as const
      const keys = ['a', 'a-b', 'a.b', 'a_b', 'ab', 'b', 'z', '10', '9'].toSorted(compareBytes)
      const [global, tenant] = [{ level: 'global' }, { level: 'tenant', ...ACME }] as const
      await store.transact(ACME, (tx) => {
        for (const attributeKey of keys) {
          const change = { attributeKey }
          void tx.profileValues.insert(make.profileValue(user.id, levelOf(other.id), 1, change))
          void tx.profileValues.insert(make.profileValue(neighbour.id, global, 1, change))
          if (!withApplication)
            void tx.profileValues.insert(make.profileValue(user.id, levelOf(bound.id), 1, change))
        }
      })
      const scopes = [global, tenant, ...(withApplication ? [levelOf(bound.id)] : [])]
      const values = keys.flatMap((attributeKey) =>
        scopes.map((scope) => make.profileValue(user.id, scope, 1, { attributeKey })),
      )
      const request = { userId: user.id, ...(withApplication ? { applicationId: bound.id } : {}) }
      return {
        items: values.map((value) => ({
          key: value.id,
          insert: (tx) => tx.profileValues.insert(value),
          remove: (tx) =>
            tx.profileValues.delete({ id: value.id, expectedVersion: 1, level: value.scope.level }),
        })),
        list: (reader, page) => byId(reader.profileValues.listByUser({ ...request, page })),
      }
    },
  }
}

/** The lists of a tenant scope. */
export const TENANT_LISTS = {
  users,
  accounts,
  tenantAccounts,
  tenantAccountsOfUser,
  identities,
  bindings,
  membershipsOfAccount,
  membershipsOfGroup,
  profileValues: profileValues(false),
  profileValuesOfApplication: profileValues(true),
} as const
