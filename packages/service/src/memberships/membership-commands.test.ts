import { expect, test } from 'vitest'
import {
  createMember,
  OTHER_TENANT,
  openWorld,
  PLATFORM,
  TENANT,
  trace,
  versionOf,
} from '../testing/world.ts'

const NEW_YEAR = '2026-01-01T00:00:00.000Z'
const SPRING = '2026-04-01T00:00:00.000Z'

test('a granted membership holds without limit unless it says otherwise', async () => {
  const world = await openWorld()
  const { tenantAccount } = await createMember(world)
  const grant = { tenantAccountId: tenantAccount.id, group: 'staff', role: 'editor' }
  const membership = await world.engine.memberships.grant(TENANT, grant)
  expect(membership).toMatchObject({
    ...grant,
    tenantId: 'acme',
    validFrom: null,
    validUntil: null,
    version: 1,
  })
  const limited = { ...grant, role: 'reader', validFrom: NEW_YEAR, validUntil: SPRING }
  expect(await world.engine.memberships.grant(TENANT, limited)).toMatchObject(limited)

  const byAccount = await world.engine.memberships.listByTenantAccount(TENANT, {
    tenantAccountId: tenantAccount.id,
  })
  expect(byAccount.items.map(({ role }) => role)).toEqual(['editor', 'reader'])
  expect((await world.engine.memberships.listByGroup(TENANT, { group: 'staff' })).items).toHaveLength(2)
  expect((await world.engine.memberships.listByGroup(TENANT, { group: 'other' })).items).toEqual([])
})

test('the same group and role are granted once', async () => {
  const world = await openWorld()
  const { tenantAccount } = await createMember(world)
  const grant = { tenantAccountId: tenantAccount.id, group: 'staff', role: 'editor' }
  await world.engine.memberships.grant(TENANT, grant)
  await expect(world.engine.memberships.grant(TENANT, grant)).rejects.toMatchObject({
    code: 'DUPLICATE_KEY',
    data: { entity: 'membership', key: 'tenantAccountId,group,role' },
  })
})

test('a tenant account of elsewhere does not exist here, and the platform grants nothing [TEN-01]', async () => {
  const world = await openWorld()
  const { tenantAccount } = await createMember(world, OTHER_TENANT)
  const grant = { tenantAccountId: tenantAccount.id, group: 'staff', role: 'editor' }
  await expect(world.engine.memberships.grant(TENANT, grant)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    data: { entity: 'tenant-account', id: tenantAccount.id },
  })
  await expect(world.engine.memberships.grant(PLATFORM, grant)).rejects.toMatchObject({
    code: 'SCOPE_NOT_ALLOWED',
    data: { entity: 'membership', allowed: 'tenant' },
  })
})

test('an update changes the limits it names; null is without limit, absent stays [VAL-03]', async () => {
  const world = await openWorld()
  const { tenantAccount } = await createMember(world)
  const { memberships } = world.engine
  const granted = await memberships.grant(TENANT, {
    tenantAccountId: tenantAccount.id,
    group: 'staff',
    role: 'editor',
    validFrom: NEW_YEAR,
  })
  const ending = await trace(world, TENANT, () =>
    memberships.update(TENANT, { ...versionOf(granted), validUntil: SPRING }),
  )
  expect(ending.result).toMatchObject({ validFrom: NEW_YEAR, validUntil: SPRING, version: 2 })
  expect(ending.audit[0]?.changedFields).toEqual(['validUntil'])
  expect(ending.events[0]).toMatchObject({
    aggregateType: 'tenant-account',
    aggregateId: tenantAccount.id,
    payload: {
      membershipId: granted.id,
      group: 'staff',
      role: 'editor',
      version: 2,
      changedFields: ['validUntil'],
    },
  })
  const open = await memberships.update(TENANT, {
    ...versionOf(ending.result),
    validFrom: null,
    validUntil: null,
  })
  expect(open).toMatchObject({ validFrom: null, validUntil: null, version: 3 })
  const { items } = await memberships.listByGroup(TENANT, { group: 'staff' })
  expect(items).toEqual([open])
})

test('a period that ends before it begins is refused, also against the limit that stays', async () => {
  const world = await openWorld()
  const { tenantAccount } = await createMember(world)
  const { memberships } = world.engine
  const grant = { tenantAccountId: tenantAccount.id, group: 'staff', role: 'editor' }
  const empty = {
    code: 'VALIDATION',
    data: { issues: [{ path: 'validUntil', expected: 'an instant after validFrom' }] },
  }
  for (const validUntil of [NEW_YEAR, SPRING]) {
    await expect(
      memberships.grant(TENANT, { ...grant, validFrom: SPRING, validUntil }),
    ).rejects.toMatchObject(empty)
  }
  const granted = await memberships.grant(TENANT, { ...grant, validFrom: SPRING })
  await expect(
    memberships.update(TENANT, { ...versionOf(granted), validUntil: NEW_YEAR }),
  ).rejects.toMatchObject(empty)
  await expect(memberships.update(TENANT, versionOf(granted))).rejects.toMatchObject({
    code: 'VALIDATION',
    data: { issues: [{ path: '', expected: 'validFrom, validUntil or both' }] },
  })
})

test('a revoked membership is gone, and its event still says what it was', async () => {
  const world = await openWorld()
  const { tenantAccount } = await createMember(world)
  const grant = { tenantAccountId: tenantAccount.id, group: 'staff', role: 'editor' }
  const membership = await world.engine.memberships.grant(TENANT, grant)
  const { result, events } = await trace(world, TENANT, () =>
    world.engine.memberships.revoke(TENANT, versionOf(membership)),
  )
  expect(result).toEqual(membership)
  expect(events[0]?.payload).toEqual({ membershipId: membership.id, ...grant })
  expect((await world.engine.memberships.listByGroup(TENANT, { group: 'staff' })).items).toEqual([])
  await expect(world.engine.memberships.revoke(TENANT, versionOf(membership))).rejects.toMatchObject({
    code: 'NOT_FOUND',
    data: { entity: 'membership' },
  })
})
