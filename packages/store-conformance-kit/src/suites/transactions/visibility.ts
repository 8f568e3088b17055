import type { CaseContext, ConformanceCase } from '../../case.ts'
import { createGate } from '../../gate.ts'
import { ACME, PLATFORM } from '../../records.ts'
import {
  addEveryKind,
  insertPlatformKinds,
  insertTenantKinds,
  keyOf,
  makeEveryKind,
  nothingOf,
  readEveryKind,
} from '../every-kind.ts'

export const VISIBILITY_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-06.sees-its-own-writes',
    rules: ['TXN-06'],
    title: 'every reading method inside a transaction sees its own writes of every kind, at once',
    run: (context) => showOwnWrites(context),
  },
  {
    id: 'TXN-06.nobody-else-sees-them',
    rules: ['TXN-06', 'TXN-07'],
    title:
      'nobody else sees a write of any kind before its commit, on the same and on another instance, and everybody after it',
    async run({ openAll, check, make }) {
      const stores = await openAll()
      const [writer] = stores
      const changed = await addEveryKind(writer, make, ACME.tenantId)
      const before = await writer.read(ACME, (reader) => reader.countRecords())
      const added = makeEveryKind(make, ACME.tenantId)
      await writer.transact(PLATFORM, (tx) => insertPlatformKinds(tx, added))
      const { application, catalog } = added
      const nothing = { ...nothingOf(added), application, catalog }
      const [written, finish] = [createGate(), createGate()]
      const transaction = writer.transact(ACME, async (tx) => {
        insertTenantKinds(tx, added)
        await tx.users.update(make.update(changed.user.id, 1, { displayName: 'changed' }))
        await tx.memberships.delete({ id: changed.membership.id, expectedVersion: 1 })
        check.equal(await readEveryKind(tx, added), added, 'what the writer sees of what it added')
        check.equal((await tx.users.get(changed.user.id))?.version, 2, 'what the writer sees of its update')
        written.open()
        await finish.opened
      })
      await Promise.race([written.opened, transaction])
      for (const [index, store] of stores.entries()) {
        const where = `on instance ${index + 1}, before the commit`
        await store.read(ACME, async (reader) => {
          check.equal(await readEveryKind(reader, added), nothing, `what was added, ${where}`)
          check.equal(await readEveryKind(reader, changed), changed, `what was changed, ${where}`)
          const { application: _, catalog: __, ...counts } = await reader.countRecords()
          const { application: ___, catalog: ____, ...expected } = before
          check.equal(counts, expected, `the counts, ${where}`)
          check.equal((await reader.audit.list()).items, [changed.audit], `audit records, ${where}`)
        })
      }
      const { deliveries } = await writer.outbox.claim({ consumer: 'kit', limit: 5, leaseMs: 60_000 })
      check.equal(
        deliveries.map(({ event }) => event),
        [changed.event],
        'the events that leave before the commit',
      )
      finish.open()
      await transaction
      for (const [index, store] of stores.entries()) {
        await store.read(ACME, async (reader) => {
          const where = `on instance ${index + 1}, after the commit`
          check.equal(await readEveryKind(reader, added), added, `what was added, ${where}`)
          const user = await reader.users.get(changed.user.id)
          check.equal(user?.displayName, 'changed', `what was changed, ${where}`)
          check.equal(await reader.memberships.get(changed.membership.id), null, `what was deleted, ${where}`)
        })
      }
    },
  },
]

async function showOwnWrites({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const records = makeEveryKind(make, ACME.tenantId)
  const { user, account, tenantAccount, identity, membership, binding, application, catalog } = records
  await store.transact(PLATFORM, async (tx) => {
    await tx.applications.insert(application)
    check.equal(await tx.applications.get(application.id), application, 'applications.get')
    check.equal(await tx.applications.findByKey(application.key), application, 'applications.findByKey')
    check.equal((await tx.applications.list()).items, [application], 'applications.list')
    await tx.catalogs.insert(catalog)
    const { key, catalogVersion } = catalog
    const family = { applicationId: application.id, key }
    check.equal(await tx.catalogs.get(catalog.id), catalog, 'catalogs.get')
    check.equal(await tx.catalogs.findVersion({ ...family, catalogVersion }), catalog, 'catalogs.findVersion')
    check.equal((await tx.catalogs.listVersions(family)).items, [catalog], 'catalogs.listVersions')
    check.equal((await tx.catalogs.list()).items, [catalog], 'catalogs.list')
  })
  await store.transact(ACME, async (tx) => {
    await tx.users.insert(user)
    check.equal(await tx.users.get(user.id), user, 'users.get of a user without tenant account')
    check.equal((await tx.users.list()).items, [user], 'users.list with a user without tenant account')
    await tx.accounts.insert(account)
    const ofUser = { userId: user.id }
    check.equal(await tx.accounts.get(account.id), account, 'accounts.get of one without tenant account')
    check.equal((await tx.accounts.listByUser(ofUser)).items, [account], 'accounts.listByUser')
    await tx.tenantAccounts.insert(tenantAccount)
    check.equal(await tx.tenantAccounts.get(tenantAccount.id), tenantAccount, 'tenantAccounts.get')
    check.equal(
      await tx.tenantAccounts.findByAccount(account.id),
      tenantAccount,
      'tenantAccounts.findByAccount',
    )
    check.equal((await tx.tenantAccounts.list()).items, [tenantAccount], 'tenantAccounts.list')
    check.equal(
      (await tx.tenantAccounts.listByUser(ofUser)).items,
      [tenantAccount],
      'tenantAccounts.listByUser',
    )
    check.equal((await tx.users.list()).items, [user], 'users.list once more, without doubles')
    check.equal(
      (await tx.accounts.listByUser(ofUser)).items,
      [account],
      'accounts.listByUser, without doubles',
    )
    await tx.externalIdentities.insert(identity)
    const { issuer, subject } = identity
    check.equal(await tx.externalIdentities.get(identity.id), identity, 'externalIdentities.get')
    check.equal(await tx.externalIdentities.resolve({ issuer, subject }), { identity, user }, 'resolve')
    check.equal((await tx.externalIdentities.listByUser(ofUser)).items, [identity], 'identities of the user')
    await tx.applicationBindings.insert(binding)
    check.equal(await tx.applicationBindings.get(binding.id), binding, 'applicationBindings.get')
    const bound = await tx.applicationBindings.findByApplication(application.id)
    check.equal(bound, binding, 'applicationBindings.findByApplication')
    check.equal((await tx.applicationBindings.list()).items, [binding], 'applicationBindings.list')
    for (const value of [records.globalValue, records.tenantValue, records.applicationValue]) {
      await tx.profileValues.insert(value)
      const { level } = value.scope
      check.equal(await tx.profileValues.find(keyOf(value)), value, `profileValues.find at level ${level}`)
    }
    const values = await tx.profileValues.listByUser({ ...ofUser, applicationId: application.id })
    check.equal(values.items.length, 3, 'profileValues.listByUser')
    await tx.memberships.insert(membership)
    const { tenantAccountId, group, role } = membership
    check.equal(await tx.memberships.get(membership.id), membership, 'memberships.get')
    check.equal(await tx.memberships.find({ tenantAccountId, group, role }), membership, 'memberships.find')
    const ofAccount = await tx.memberships.listByTenantAccount({ tenantAccountId })
    check.equal(ofAccount.items, [membership], 'memberships.listByTenantAccount')
    check.equal((await tx.memberships.listByGroup({ group })).items, [membership], 'memberships.listByGroup')
    await tx.audit.append(records.audit)
    check.equal(await tx.audit.get(records.audit.id), records.audit, 'audit.get')
    check.equal((await tx.audit.list()).items, [records.audit], 'audit.list')
    const { actor } = records.audit
    check.equal((await tx.audit.list({ filter: { actor } })).items, [records.audit], 'audit.list by actor')
    await tx.outbox.append(records.event)
    const entry = { event: records.event, state: 'pending', attempts: 0 }
    check.equal((await tx.outbox.list()).items, [entry], 'outbox.list')
    check.equal((await tx.outbox.list({ state: 'pending' })).items, [entry], 'outbox.list of what is pending')
    const { application: applications, catalog: catalogs, ...counts } = await tx.countRecords()
    check.equal([applications, catalogs], [1, 1], 'countRecords of the platform’s')
    const { 'profile-value': countOfValues, ...others } = counts
    check.equal(
      [countOfValues, new Set(Object.values(others))],
      [3, new Set([1])],
      'countRecords of the tenant’s',
    )

    await tx.users.update(make.update(user.id, 1, { displayName: null }))
    check.equal((await tx.users.get(user.id))?.version, 2, 'its own update')
    check.equal(
      (await tx.externalIdentities.resolve({ issuer, subject }))?.user.version,
      2,
      'through an identity',
    )
    await tx.externalIdentities.delete({ id: identity.id, expectedVersion: 1 })
    check.equal(await tx.externalIdentities.resolve({ issuer, subject }), null, 'its own unlinking')
    check.equal((await tx.externalIdentities.listByUser(ofUser)).items, [], 'identities after the unlinking')
    await tx.memberships.delete({ id: membership.id, expectedVersion: 1 })
    check.equal(await tx.memberships.find({ tenantAccountId, group, role }), null, 'its own delete')
    const after = await tx.countRecords()
    check.equal([after['external-identity'], after.membership], [0, 0], 'countRecords after deletes')
  })
}
