import type { Scope } from '@user-engine/store-protocol'
import type { ConformanceCase } from '../../case.ts'
import { ACME, OTHER, PLATFORM } from '../../records.ts'

export const TENANT_VISIBILITY_CASES: readonly ConformanceCase[] = [
  {
    id: 'TEN-02.users-follow-their-tenant-accounts',
    rules: ['TEN-02'],
    title: 'a tenant sees users and accounts with a tenant account in it, in any status, and no others',
    async run({ open, check, make }) {
      const store = await open()
      const { user, account, tenantAccount } = await make.addMember(store, ACME.tenantId)
      const second = make.account(user.id)
      const stranger = make.user()
      const identity = make.identity(user.id)
      await store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(stranger)
        await tx.accounts.insert(second)
        await tx.externalIdentities.insert(identity)
      })
      const see = (scope: Scope, id: string) => store.read(scope, (reader) => reader.users.get(id))
      const seeAccounts = async (scope: Scope) =>
        (await store.read(scope, (reader) => reader.accounts.listByUser({ userId: user.id }))).items
      check.equal(await see(ACME, user.id), user, 'a member')
      check.equal(await see(ACME, stranger.id), null, 'a user without tenant account')
      check.equal(await see(OTHER, user.id), null, 'a member of another tenant')
      check.equal(await seeAccounts(ACME), [account], 'the accounts of a member: only the one in the tenant')
      check.equal(
        await seeAccounts(PLATFORM),
        [account, second],
        'the accounts of a member, for the platform',
      )
      check.equal(await seeAccounts(OTHER), [], 'the accounts of a member of another tenant')
      const change = make.update(second.id, 1, {})
      await check.rejects(
        store.transact(ACME, (tx) => tx.accounts.update(change)),
        'NOT_FOUND',
        'changing an account of a member that is not in the tenant',
      )
      for (const [index, status] of (['left', 'suspended', 'invited'] as const).entries()) {
        const update = make.update(tenantAccount.id, index + 1, { status })
        await store.transact(ACME, (tx) => tx.tenantAccounts.update(update))
        check.equal(await see(ACME, user.id), user, `a member whose presence is ${status}`)
        const { items } = await store.read(ACME, (reader) => reader.users.list())
        check.equal(items, [user], `the users when the presence of the only one is ${status}`)
      }
      const joined = make.tenantAccount(OTHER.tenantId, second)
      await store.transact(PLATFORM, (tx) => tx.tenantAccounts.insert(joined))
      check.equal(await see(OTHER, user.id), user, 'a member that the platform brought in')
      check.equal(await seeAccounts(OTHER), [second], 'the account that it was brought in with')
      const resolved = await store.read(OTHER, (reader) => reader.externalIdentities.get(identity.id))
      check.equal(resolved, identity, 'the identity of a member that the platform brought in')
      const { items } = await store.read(PLATFORM, (reader) =>
        reader.tenantAccounts.listByUser({ userId: user.id }),
      )
      check.equal(
        items.map(({ tenantId, accountId }) => [tenantId, accountId]),
        [
          [OTHER.tenantId, second.id],
          [ACME.tenantId, account.id],
        ],
        'the tenants of the user, for the platform',
      )
    },
  },
  {
    id: 'TEN-02.created-and-not-brought-in-is-not-seen',
    rules: ['TEN-02', 'TXN-06'],
    title: 'a user that a tenant scope inserted without a tenant account is invisible to it after the commit',
    async run({ open, check, make }) {
      const store = await open()
      const user = make.user()
      const account = make.account(user.id)
      const identity = make.identity(user.id)
      const value = make.profileValue(user.id, { level: 'global' }, 1)
      await store.transact(ACME, async (tx) => {
        await tx.users.insert(user)
        await tx.accounts.insert(account)
        await tx.externalIdentities.insert(identity)
        await tx.profileValues.insert(value)
        await tx.users.update(make.update(user.id, 1, { displayName: 'changed' }))
        check.equal((await tx.users.get(user.id))?.version, 2, 'inside the inserting transaction')
      })
      await store.read(ACME, async (reader) => {
        check.equal(await reader.users.get(user.id), null, 'the user afterwards')
        check.equal(await reader.accounts.get(account.id), null, 'its account afterwards')
        check.equal(await reader.externalIdentities.get(identity.id), null, 'its identity afterwards')
        const counts = await reader.countRecords()
        check.equal(new Set(Object.values(counts)), new Set([0]), 'counts afterwards')
      })
      const onPlatform = await store.read(PLATFORM, (reader) => reader.users.get(user.id))
      check.equal(onPlatform?.displayName, 'changed', 'the user afterwards, on the platform')
      await check.rejects(
        store.transact(ACME, (tx) => tx.users.update(make.update(user.id, 2, {}))),
        'NOT_FOUND',
        'changing it in the tenant',
      )
      await check.rejects(
        store.transact(ACME, (tx) => tx.accounts.insert(make.account(user.id))),
        'NOT_FOUND',
        'an account for it in the tenant',
      )
      await check.rejects(
        store.transact(ACME, (tx) => tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, account))),
        'NOT_FOUND',
        'bringing it in from the tenant: that is the platform’s work',
      )
    },
  },
  {
    id: 'TEN-02.members-are-changed-from-the-tenant',
    rules: ['TEN-02', 'TEN-01'],
    title:
      'a tenant may change users, accounts, identities and global values of its members, and everybody sees it',
    async run({ open, check, make }) {
      const store = await open()
      const { user, account } = await make.addMember(store, ACME.tenantId)
      await store.transact(PLATFORM, (tx) =>
        tx.tenantAccounts.insert(make.tenantAccount(OTHER.tenantId, account)),
      )
      const identity = make.identity(user.id)
      const value = make.profileValue(user.id, { level: 'global' }, 'global')
      const { userId, scope, attributeKey } = value
      await store.transact(ACME, (tx) => {
        void tx.users.update(make.update(user.id, 1, { displayName: 'by a tenant' }))
        void tx.accounts.update(make.update(account.id, 1, { name: 'by a tenant' }))
        void tx.externalIdentities.insert(identity)
        void tx.profileValues.insert(value)
      })
      for (const reading of [ACME, OTHER, PLATFORM]) {
        await store.read(reading, async (reader) => {
          const where = JSON.stringify(reading)
          check.equal((await reader.users.get(user.id))?.displayName, 'by a tenant', `the user in ${where}`)
          check.equal((await reader.accounts.get(account.id))?.name, 'by a tenant', `the account in ${where}`)
          check.equal(await reader.externalIdentities.get(identity.id), identity, `the identity in ${where}`)
          const found = await reader.profileValues.find({ userId, scope, attributeKey })
          check.equal(found, value, `the global value in ${where}`)
        })
      }
    },
  },
]
