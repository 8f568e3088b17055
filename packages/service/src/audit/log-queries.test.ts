import { expect, test } from 'vitest'
import { createMember, OTHER_TENANT, openWorld, PLATFORM, TENANT, versionOf } from '../testing/world.ts'

test('the audit log of a tenant is filtered, ordered and paged [AUD-06]', async () => {
  const world = await openWorld()
  const { engine } = world
  const { user } = await createMember(world)
  await createMember(world, OTHER_TENANT)
  const somebody = { ...TENANT, actor: { type: 'user', id: 'somebody' } } as const
  await engine.users.suspend(somebody, versionOf(user))
  world.authorization.deny('user.get', 'no')
  await engine.users.get(TENANT, { id: user.id }).catch(() => null)

  const actions = async (input: Parameters<typeof engine.audit.list>[1]) =>
    (await engine.audit.list(TENANT, input)).items.map(({ action }) => action)
  const all = [
    'user.create',
    'account.create',
    'tenant-account.invite',
    'tenant-account.join',
    'user.suspend',
    'user.get',
  ]
  expect(await actions({})).toEqual(all)
  expect(await actions({ order: 'newest-first' })).toEqual([...all].reverse())
  expect(await actions({ filter: { target: { type: 'user', id: user.id } } })).toEqual([
    'user.create',
    'user.suspend',
    'user.get',
  ])
  expect(await actions({ filter: { actor: somebody.actor } })).toEqual(['user.suspend'])
  expect(await actions({ filter: { outcome: 'denied' } })).toEqual(['user.get'])
  expect(await actions({ filter: { action: 'account.create', outcome: 'allowed' } })).toEqual([
    'account.create',
  ])

  const [created, account] = (await engine.audit.list(TENANT)).items
  expect(await actions({ filter: { from: account?.occurredAt ?? '' } })).toEqual(all.slice(1))
  expect(await actions({ filter: { until: account?.occurredAt ?? '' } })).toEqual(all.slice(0, 1))
  expect(await engine.audit.get(TENANT, { id: created?.id ?? '' })).toEqual(created)
  expect(await engine.audit.get(OTHER_TENANT, { id: created?.id ?? '' })).toBeNull()

  const first = await engine.audit.list(TENANT, { page: { limit: 4 } })
  const rest = await engine.audit.list(TENANT, { page: { limit: 4, cursor: first.nextCursor ?? '' } })
  expect([...first.items, ...rest.items].map(({ action }) => action)).toEqual(all)
  expect(rest.nextCursor).toBeNull()
})

test('the outbox of a scope is listed by state [QRY-03]', async () => {
  const world = await openWorld()
  const { engine, store } = world
  await createMember(world)
  await engine.users.create(PLATFORM, { kind: 'agent' })
  expect((await engine.outbox.list(TENANT)).items).toHaveLength(4)
  expect((await engine.outbox.list(PLATFORM, { state: 'pending' })).items).toMatchObject([
    { state: 'pending', event: { type: 'user-engine.user.created', tenantId: null } },
  ])
  const { token, deliveries } = await store.outbox.claim({ consumer: 'test', limit: 2, leaseMs: 1_000 })
  await store.outbox.ack({ token, eventIds: deliveries.map(({ event }) => event.id) })
  expect((await engine.outbox.list(TENANT, { state: 'delivered' })).items).toHaveLength(2)
  expect((await engine.outbox.list(TENANT, { state: 'pending' })).items).toHaveLength(2)
  expect((await engine.outbox.list(TENANT, { state: 'dead' })).items).toEqual([])
  await expect(engine.outbox.list(TENANT, { page: { cursor: 'x' } })).rejects.toMatchObject({
    code: 'CURSOR_INVALID',
  })
})

test('records are counted by kind and scope [QRY-03]', async () => {
  const world = await openWorld()
  await createMember(world)
  await createMember(world, OTHER_TENANT)
  expect(await world.engine.countRecords(TENANT)).toEqual({
    user: 1,
    account: 1,
    'tenant-account': 1,
    'external-identity': 0,
    application: 0,
    'application-binding': 0,
    catalog: 0,
    'profile-value': 0,
    membership: 0,
    'audit-record': 4,
    'outbox-event': 4,
  })
  expect(await world.engine.countRecords(PLATFORM)).toMatchObject({ user: 2, account: 2, 'audit-record': 0 })
})
