import { expect, test } from 'vitest'
import {
  auditOf,
  createMember,
  eventsOf,
  OTHER_TENANT,
  openWorld,
  PLATFORM,
  TENANT,
  trace,
  versionOf,
} from '../testing/world.ts'

test('an invited account joins, is suspended, comes back, leaves, and is invited again as the same', async () => {
  const world = await openWorld()
  const { account, tenantAccount } = await createMember(world)
  const { tenantAccounts } = world.engine
  const suspended = await tenantAccounts.suspend(TENANT, versionOf(tenantAccount))
  const active = await tenantAccounts.reactivate(TENANT, versionOf(suspended))
  const left = await tenantAccounts.leave(TENANT, versionOf(active))
  expect(left).toMatchObject({ status: 'left', version: 5 })

  const invited = await tenantAccounts.invite(TENANT, { accountId: account.id })
  expect(invited).toMatchObject({ id: tenantAccount.id, status: 'invited', version: 6 })
  expect(await tenantAccounts.get(TENANT, { id: invited.id })).toEqual(invited)
  expect(await tenantAccounts.join(TENANT, versionOf(invited))).toMatchObject({
    status: 'active',
    version: 7,
  })
})

test.each([
  ['join', 'active', ['invited']],
  ['reactivate', 'active', ['suspended']],
] as const)('%s is refused to one that is %s', async (step, state, allowed) => {
  const world = await openWorld()
  const { tenantAccount } = await createMember(world)
  await expect(world.engine.tenantAccounts[step](TENANT, versionOf(tenantAccount))).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { entity: 'tenant-account', id: tenantAccount.id, state, allowed },
  })
})

test('whoever has left can only be invited again', async () => {
  const world = await openWorld()
  const { tenantAccount } = await createMember(world)
  const left = await world.engine.tenantAccounts.leave(TENANT, versionOf(tenantAccount))
  for (const step of ['join', 'suspend', 'reactivate', 'leave'] as const) {
    await expect(world.engine.tenantAccounts[step](TENANT, versionOf(left))).rejects.toMatchObject({
      code: 'INVALID_STATE',
    })
  }
})

test('an account that is in the tenant is not invited again', async () => {
  const world = await openWorld()
  const { account, tenantAccount } = await createMember(world)
  await expect(world.engine.tenantAccounts.invite(TENANT, { accountId: account.id })).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { entity: 'tenant-account', id: tenantAccount.id, state: 'active', allowed: ['left'] },
  })
})

test('a deactivated account is not invited', async () => {
  const world = await openWorld()
  const { account, tenantAccount } = await createMember(world)
  await world.engine.tenantAccounts.leave(TENANT, versionOf(tenantAccount))
  await world.engine.accounts.deactivate(TENANT, versionOf(account))
  await expect(world.engine.tenantAccounts.invite(TENANT, { accountId: account.id })).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { entity: 'account', state: 'deactivated' },
  })
})

test('a tenant invites neither an account of elsewhere nor into another tenant [TEN-01]', async () => {
  const world = await openWorld()
  const { account } = await createMember(world, OTHER_TENANT)
  await expect(world.engine.tenantAccounts.invite(TENANT, { accountId: account.id })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    data: { entity: 'account', id: account.id },
  })
  await expect(
    world.engine.tenantAccounts.invite(TENANT, { accountId: account.id, tenantId: 'globex' }),
  ).rejects.toMatchObject({ code: 'TENANT_BOUNDARY' })
})

test('the platform brings an account into a tenant, and the tenant has it in its own log', async () => {
  const world = await openWorld()
  const { user, account } = await createMember(world, OTHER_TENANT)
  const platformBefore = [await auditOf(world, PLATFORM), await eventsOf(world, PLATFORM)]
  const { result, audit, events } = await trace(world, TENANT, () =>
    world.engine.tenantAccounts.invite(PLATFORM, { accountId: account.id, tenantId: 'acme' }),
  )
  expect(result).toMatchObject({
    tenantId: 'acme',
    accountId: account.id,
    userId: user.id,
    status: 'invited',
  })
  expect(audit).toMatchObject([{ action: 'tenant-account.invite', tenantId: 'acme', actor: PLATFORM.actor }])
  expect(events).toMatchObject([{ type: 'user-engine.tenant-account.invited', tenantId: 'acme' }])
  expect([await auditOf(world, PLATFORM), await eventsOf(world, PLATFORM)]).toEqual(platformBefore)
  expect(await world.engine.users.get(TENANT, { id: user.id })).toEqual(user)

  await expect(
    world.engine.tenantAccounts.invite(PLATFORM, { accountId: account.id, tenantId: 'acme' }),
  ).rejects.toMatchObject({ code: 'DUPLICATE_KEY', data: { key: 'tenantId,accountId' } })
})

test('a refusal to the platform is on the platform\u2019s record, not in the log of the tenant it named', async () => {
  const world = await openWorld()
  const { account } = await createMember(world, OTHER_TENANT)
  world.authorization.deny('tenant-account.invite', 'no')
  const before = await auditOf(world, TENANT)
  const { audit } = await trace(world, PLATFORM, () =>
    expect(
      world.engine.tenantAccounts.invite(PLATFORM, { accountId: account.id, tenantId: 'acme' }),
    ).rejects.toMatchObject({ code: 'ACCESS_DENIED' }),
  )
  expect(audit).toMatchObject([{ outcome: 'denied', tenantId: null }])
  expect(await auditOf(world, TENANT)).toEqual(before)
})

test('the platform must name the tenant to invite into', async () => {
  const world = await openWorld()
  const { account } = await createMember(world)
  await expect(world.engine.tenantAccounts.invite(PLATFORM, { accountId: account.id })).rejects.toMatchObject(
    {
      code: 'VALIDATION',
      data: { issues: [{ path: 'tenantId' }] },
    },
  )
})

test('the platform sees where a user is, a tenant only itself', async () => {
  const world = await openWorld()
  const { user, account } = await createMember(world)
  await world.engine.tenantAccounts.invite(PLATFORM, { accountId: account.id, tenantId: 'globex' })
  const tenantsSeenBy = async (context: typeof TENANT) => {
    const { items } = await world.engine.tenantAccounts.listByUser(context, { userId: user.id })
    return items.map(({ tenantId }) => tenantId)
  }
  expect(await tenantsSeenBy(PLATFORM)).toEqual(['acme', 'globex'])
  expect(await tenantsSeenBy(TENANT)).toEqual(['acme'])
  expect((await world.engine.tenantAccounts.list(TENANT)).items).toHaveLength(1)
  await expect(world.engine.tenantAccounts.list(PLATFORM)).rejects.toMatchObject({
    code: 'SCOPE_NOT_ALLOWED',
  })
})
