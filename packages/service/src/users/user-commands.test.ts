import { expect, test } from 'vitest'
import { CANARY, createMember, openWorld, PLATFORM, TENANT, trace, versionOf } from '../testing/world.ts'

const MISSING = '01900000-0000-7000-8000-000000000000'

test('a created user is active, at version 1, and read back equal', async () => {
  const { engine } = await openWorld()
  const user = await engine.users.create(PLATFORM, { kind: 'person', displayName: 'Ada' })
  expect(user).toMatchObject({ kind: 'person', displayName: 'Ada', status: 'active', version: 1 })
  expect(user.createdAt).toBe(user.updatedAt)
  expect(await engine.users.get(PLATFORM, { id: user.id })).toEqual(user)
})

test('an id given by the caller is used, and a second time refused', async () => {
  const { engine } = await openWorld()
  const input = { id: MISSING, kind: 'agent' } as const
  expect(await engine.users.create(PLATFORM, input)).toMatchObject({ id: MISSING, displayName: null })
  await expect(engine.users.create(PLATFORM, input)).rejects.toMatchObject({
    code: 'DUPLICATE_KEY',
    data: { entity: 'user', key: 'id' },
  })
})

test('an update changes the name, and null is a name of its own', async () => {
  const { engine } = await openWorld()
  const user = await engine.users.create(PLATFORM, { kind: 'person', displayName: 'Ada' })
  const renamed = await engine.users.update(PLATFORM, { ...versionOf(user), displayName: 'Grace' })
  expect(renamed).toMatchObject({ displayName: 'Grace', version: 2, createdAt: user.createdAt })
  const unnamed = await engine.users.update(PLATFORM, { ...versionOf(renamed), displayName: null })
  expect(unnamed).toMatchObject({ displayName: null, version: 3 })
  expect(await engine.users.get(PLATFORM, { id: user.id })).toEqual(unnamed)
})

test('suspending and reactivating lead to each other, deactivating is final', async () => {
  const { engine } = await openWorld()
  const created = await engine.users.create(PLATFORM, { kind: 'person' })
  const suspended = await engine.users.suspend(PLATFORM, versionOf(created))
  expect(suspended).toMatchObject({ status: 'suspended', version: 2 })
  const active = await engine.users.reactivate(PLATFORM, versionOf(suspended))
  expect(active).toMatchObject({ status: 'active', version: 3 })
  const deactivated = await engine.users.deactivate(PLATFORM, versionOf(active))
  expect(deactivated).toMatchObject({ status: 'deactivated', version: 4 })
  expect(await engine.users.get(PLATFORM, { id: created.id })).toEqual(deactivated)

  for (const step of ['suspend', 'reactivate', 'deactivate'] as const) {
    await expect(engine.users[step](PLATFORM, versionOf(deactivated))).rejects.toMatchObject({
      code: 'INVALID_STATE',
      data: { entity: 'user', id: created.id, state: 'deactivated' },
    })
  }
})

test('a suspended user can be deactivated, an active one not reactivated', async () => {
  const { engine } = await openWorld()
  const created = await engine.users.create(PLATFORM, { kind: 'person' })
  await expect(engine.users.reactivate(PLATFORM, versionOf(created))).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { state: 'active', allowed: ['suspended'] },
  })
  const suspended = await engine.users.suspend(PLATFORM, versionOf(created))
  expect(await engine.users.deactivate(PLATFORM, versionOf(suspended))).toMatchObject({
    status: 'deactivated',
  })
})

test('a version that is not the current one wins over a state that would not allow the step', async () => {
  const { engine } = await openWorld()
  const created = await engine.users.create(PLATFORM, { kind: 'person' })
  await engine.users.deactivate(PLATFORM, versionOf(created))
  await expect(engine.users.suspend(PLATFORM, versionOf(created))).rejects.toMatchObject({
    code: 'VERSION_CONFLICT',
    data: { entity: 'user', id: created.id, expectedVersion: 1, currentVersion: 2 },
  })
})

test('what does not exist is NOT_FOUND for commands and null for queries', async () => {
  const { engine } = await openWorld()
  const nobody = { id: MISSING, expectedVersion: 1 }
  const notFound = { code: 'NOT_FOUND', data: { entity: 'user', id: MISSING } }
  await expect(engine.users.update(PLATFORM, { ...nobody, displayName: 'x' })).rejects.toMatchObject(notFound)
  await expect(engine.users.suspend(PLATFORM, nobody)).rejects.toMatchObject(notFound)
  expect(await engine.users.get(PLATFORM, { id: MISSING })).toBeNull()
})

test('a tenant changes the users it sees and no others [TEN-02]', async () => {
  const world = await openWorld()
  const { user } = await createMember(world)
  const stranger = await world.engine.users.create(PLATFORM, { kind: 'person' })
  expect(await world.engine.users.suspend(TENANT, versionOf(user))).toMatchObject({ status: 'suspended' })
  await expect(world.engine.users.suspend(TENANT, versionOf(stranger))).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  expect(await world.engine.users.list(TENANT)).toMatchObject({ items: [{ id: user.id }], nextCursor: null })
})

test('lists come in pages, by id', async () => {
  const { engine } = await openWorld()
  const ids = []
  for (let count = 0; count < 5; count++)
    ids.push((await engine.users.create(PLATFORM, { kind: 'agent' })).id)
  const first = await engine.users.list(PLATFORM, { page: { limit: 3 } })
  expect(first.items.map(({ id }) => id)).toEqual(ids.slice(0, 3))
  const cursor = first.nextCursor ?? ''
  const second = await engine.users.list(PLATFORM, { page: { limit: 3, cursor } })
  expect(second.items.map(({ id }) => id)).toEqual(ids.slice(3))
  expect(second.nextCursor).toBeNull()
  await expect(engine.users.list(PLATFORM, { page: { cursor: 'x' } })).rejects.toMatchObject({
    code: 'CURSOR_INVALID',
  })
})

test('events and audit records name what happened, and not the display name [DIA-02]', async () => {
  const world = await openWorld()
  const { engine } = world
  const created = await trace(world, PLATFORM, () =>
    engine.users.create(PLATFORM, { kind: 'person', displayName: CANARY }),
  )
  const user = created.result
  const updated = await trace(world, PLATFORM, () =>
    engine.users.update(PLATFORM, { ...versionOf(user), displayName: `${CANARY}!` }),
  )
  expect(created.events[0]?.payload).toEqual({ userId: user.id, status: 'active', version: 1 })
  expect(updated.events[0]?.payload).toEqual({ userId: user.id, version: 2, changedFields: ['displayName'] })
  expect(updated.audit[0]?.changedFields).toEqual(['displayName'])
  expect(JSON.stringify([created.events, created.audit, updated.events, updated.audit])).not.toContain(CANARY)
})
