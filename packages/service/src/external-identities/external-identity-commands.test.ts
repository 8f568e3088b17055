import { expect, test } from 'vitest'
import {
  auditOf,
  CANARY,
  createMember,
  OTHER_TENANT,
  openWorld,
  PLATFORM,
  TENANT,
  trace,
  versionOf,
} from '../testing/world.ts'

const KEY = { issuer: 'https://idp.example', subject: 'Ada' }

test('a linked identity resolves to its user, and to nobody once it is unlinked', async () => {
  const world = await openWorld()
  const { user } = await createMember(world)
  const { externalIdentities } = world.engine
  const identity = await externalIdentities.link(TENANT, { userId: user.id, ...KEY })
  expect(identity).toMatchObject({ userId: user.id, ...KEY, version: 1 })
  expect(await externalIdentities.resolve(TENANT, KEY)).toEqual({ identity, user })
  expect((await externalIdentities.listByUser(TENANT, { userId: user.id })).items).toEqual([identity])

  expect(await externalIdentities.unlink(TENANT, versionOf(identity))).toEqual(identity)
  expect(await externalIdentities.resolve(TENANT, KEY)).toBeNull()
  await expect(externalIdentities.unlink(TENANT, versionOf(identity))).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  await externalIdentities.link(TENANT, { userId: user.id, ...KEY })
})

test('issuer and subject are compared exactly [IDN-04]', async () => {
  const world = await openWorld()
  const { user } = await createMember(world)
  const { externalIdentities } = world.engine
  await externalIdentities.link(TENANT, { userId: user.id, ...KEY })
  for (const subject of ['ada', 'Ada ', 'Áda', 'A\u0301da']) {
    expect(await externalIdentities.resolve(TENANT, { ...KEY, subject })).toBeNull()
    await externalIdentities.link(TENANT, { userId: user.id, ...KEY, subject })
  }
})

test('an identity that is taken is refused without a word about whose it is, and on record as failed [IDN-02]', async () => {
  const world = await openWorld()
  const owner = await createMember(world, OTHER_TENANT)
  await world.engine.externalIdentities.link(OTHER_TENANT, { userId: owner.user.id, ...KEY })
  const { user } = await createMember(world)

  const { audit, events } = await trace(world, TENANT, () =>
    expect(world.engine.externalIdentities.link(TENANT, { userId: user.id, ...KEY })).rejects.toMatchObject({
      code: 'DUPLICATE_IDENTITY',
      data: {},
    }),
  )
  expect(events).toEqual([])
  expect(audit).toHaveLength(1)
  expect(audit[0]).toMatchObject({
    action: 'external-identity.link',
    outcome: 'failed',
    reason: 'DUPLICATE_IDENTITY',
    changedFields: [],
  })
  expect(await world.engine.externalIdentities.resolve(TENANT, KEY)).toBeNull()
})

test('of many links of one identity at once exactly one wins [IDN-01]', async () => {
  const world = await openWorld()
  const { user } = await createMember(world)
  const links = Array.from({ length: 8 }, () =>
    world.engine.externalIdentities.link(TENANT, { userId: user.id, ...KEY }),
  )
  const settled = await Promise.allSettled(links)
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const link of settled) {
    if (link.status === 'rejected') expect(link.reason).toMatchObject({ code: 'DUPLICATE_IDENTITY' })
  }
  expect((await world.engine.externalIdentities.listByUser(TENANT, { userId: user.id })).items).toHaveLength(
    1,
  )
})

test('a tenant neither links to nor resolves a user it does not see [TEN-02]', async () => {
  const world = await openWorld()
  const { user } = await createMember(world, OTHER_TENANT)
  await expect(
    world.engine.externalIdentities.link(TENANT, { userId: user.id, ...KEY }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND', data: { entity: 'user', id: user.id } })
  await world.engine.externalIdentities.link(PLATFORM, { userId: user.id, ...KEY })
  expect(await world.engine.externalIdentities.resolve(TENANT, KEY)).toBeNull()
  expect(await world.engine.externalIdentities.resolve(PLATFORM, KEY)).toMatchObject({ user })
})

test('a refused resolution is on record without the subject [DIA-02]', async () => {
  const world = await openWorld()
  world.authorization.deny('external-identity.resolve', 'no')
  const key = { issuer: CANARY, subject: CANARY }
  await expect(world.engine.externalIdentities.resolve(TENANT, key)).rejects.toMatchObject({
    code: 'ACCESS_DENIED',
  })
  const audit = await auditOf(world, TENANT)
  expect(audit).toMatchObject([{ outcome: 'denied', target: { type: 'external-identity', id: '*' } }])
  expect(JSON.stringify(audit)).not.toContain(CANARY)
})
