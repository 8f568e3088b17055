import { expect, test } from 'vitest'
import { createMember, openWorld, PLATFORM, TENANT, versionOf } from '../testing/world.ts'

test('a created account is active and belongs to its user', async () => {
  const { engine } = await openWorld()
  const user = await engine.users.create(PLATFORM, { kind: 'agent' })
  const account = await engine.accounts.create(PLATFORM, { userId: user.id, kind: 'service' })
  expect(account).toMatchObject({
    userId: user.id,
    kind: 'service',
    name: null,
    status: 'active',
    version: 1,
  })
  expect(await engine.accounts.get(PLATFORM, { id: account.id })).toEqual(account)
  const renamed = await engine.accounts.update(PLATFORM, { ...versionOf(account), name: 'robot' })
  expect(renamed).toMatchObject({ name: 'robot', version: 2 })
  expect((await engine.accounts.listByUser(PLATFORM, { userId: user.id })).items).toEqual([renamed])
})

test('a suspended user may get accounts, a deactivated one may not', async () => {
  const { engine } = await openWorld()
  const user = await engine.users.create(PLATFORM, { kind: 'person' })
  const suspended = await engine.users.suspend(PLATFORM, versionOf(user))
  await engine.accounts.create(PLATFORM, { userId: user.id, kind: 'human' })
  await engine.users.deactivate(PLATFORM, versionOf(suspended))
  await expect(engine.accounts.create(PLATFORM, { userId: user.id, kind: 'human' })).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { entity: 'user', id: user.id, state: 'deactivated', allowed: ['active', 'suspended'] },
  })
})

test('an account of a deactivated user can be suspended and deactivated, but not reactivated', async () => {
  const { engine } = await openWorld()
  const user = await engine.users.create(PLATFORM, { kind: 'person' })
  const account = await engine.accounts.create(PLATFORM, { userId: user.id, kind: 'human' })
  await engine.users.deactivate(PLATFORM, versionOf(user))
  const suspended = await engine.accounts.suspend(PLATFORM, versionOf(account))
  await expect(engine.accounts.reactivate(PLATFORM, versionOf(suspended))).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { entity: 'user', id: user.id },
  })
  expect(await engine.accounts.deactivate(PLATFORM, versionOf(suspended))).toMatchObject({
    status: 'deactivated',
    version: 3,
  })
})

test('the life of an account: active and suspended lead to each other, deactivated is final', async () => {
  const { engine } = await openWorld()
  const user = await engine.users.create(PLATFORM, { kind: 'person' })
  const account = await engine.accounts.create(PLATFORM, { userId: user.id, kind: 'human' })
  const suspended = await engine.accounts.suspend(PLATFORM, versionOf(account))
  await expect(engine.accounts.suspend(PLATFORM, versionOf(suspended))).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { entity: 'account', state: 'suspended', allowed: ['active'] },
  })
  const active = await engine.accounts.reactivate(PLATFORM, versionOf(suspended))
  const deactivated = await engine.accounts.deactivate(PLATFORM, versionOf(active))
  expect(await engine.accounts.get(PLATFORM, { id: account.id })).toEqual(deactivated)
  await expect(engine.accounts.reactivate(PLATFORM, versionOf(deactivated))).rejects.toMatchObject({
    code: 'INVALID_STATE',
  })
})

test('a tenant cannot give an account to a user it does not see [TEN-04]', async () => {
  const { engine } = await openWorld()
  const stranger = await engine.users.create(PLATFORM, { kind: 'person' })
  await expect(engine.accounts.create(TENANT, { userId: stranger.id, kind: 'human' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    data: { entity: 'user', id: stranger.id },
  })
})

test('a tenant sees the accounts that are in it, of users that have others elsewhere [TEN-02]', async () => {
  const world = await openWorld()
  const { user, account } = await createMember(world)
  await world.engine.accounts.create(PLATFORM, { userId: user.id, kind: 'service' })
  expect((await world.engine.accounts.listByUser(TENANT, { userId: user.id })).items).toEqual([account])
  expect((await world.engine.accounts.listByUser(PLATFORM, { userId: user.id })).items).toHaveLength(2)
})
