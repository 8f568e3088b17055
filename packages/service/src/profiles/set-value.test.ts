import type { JsonValue } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { defineAttribute } from '../testing/definitions.ts'
import { createProfile } from '../testing/profile-world.ts'
import {
  bindApplication,
  CANARY,
  CITY,
  createMember,
  openWorld,
  publishCatalog,
  TENANT,
  trace,
  versionOf,
} from '../testing/world.ts'

test('a value is set, changed and cleared, and says where it came from', async () => {
  const world = await openWorld()
  const { user, catalog, city, names } = await createProfile(world)
  const { profiles } = world.engine
  const set = await profiles.setValue(TENANT, { ...city, value: 'Zürich' })
  expect(set).toMatchObject({
    userId: user.id,
    scope: { level: 'tenant', tenantId: 'acme' },
    attributeKey: 'city',
    value: 'Zürich',
    provenance: { source: 'self-service', actor: TENANT.actor, catalogId: catalog.id, catalogVersion: 1 },
    version: 1,
  })
  const changed = await profiles.setValue(TENANT, { ...city, source: 'scim', value: 'Bern' })
  expect(changed).toMatchObject({ id: set.id, value: 'Bern', provenance: { source: 'scim' }, version: 2 })
  expect((await profiles.listValues(TENANT, { userId: user.id })).items).toEqual([changed])

  expect(await profiles.clearValue(TENANT, names)).toEqual(changed)
  expect((await profiles.listValues(TENANT, { userId: user.id })).items).toEqual([])
  const nothing = await trace(world, TENANT, () => profiles.clearValue(TENANT, names))
  expect(nothing).toEqual({ result: null, audit: [], events: [] })
})

test('a value that is there already under the same catalog is left alone', async () => {
  const world = await openWorld()
  const { city, application, binding } = await createProfile(world)
  const { profiles } = world.engine
  const set = await profiles.setValue(TENANT, { ...city, value: 'Bern' })
  const again = await trace(world, TENANT, () =>
    profiles.setValue(TENANT, { ...city, source: 'another source', value: 'Bern' }),
  )
  expect(again).toEqual({ result: set, audit: [], events: [] })

  const next = await publishCatalog(world, { applicationId: application.id })
  await world.engine.applicationBindings.rebind(TENANT, { ...versionOf(binding), catalogId: next.id })
  const underTheNext = await profiles.setValue(TENANT, { ...city, value: 'Bern' })
  expect(underTheNext).toMatchObject({ version: 2, provenance: { catalogId: next.id, catalogVersion: 2 } })
})

test('JSON is the same whatever the order of its keys', async () => {
  const world = await openWorld()
  const { user } = await createMember(world)
  const { id: catalogId } = await publishCatalog(world, {
    attributes: [defineAttribute({ key: 'x', type: 'json' })],
  })
  const set = (value: JsonValue) =>
    world.engine.profiles.setValue(TENANT, {
      userId: user.id,
      catalogId,
      audience: 'self',
      source: 'test',
      level: 'global',
      attributeKey: 'x',
      value,
    })
  expect(await set({ a: 1, b: [1, 2] })).toMatchObject({ version: 1 })
  expect(await set({ b: [1, 2], a: 1 })).toMatchObject({ version: 1 })
  expect(await set({ b: [2, 1], a: 1 })).toMatchObject({ version: 2 })
  expect(await set(null)).toMatchObject({ version: 3, value: null })
})

test('the same attribute has a value of its own at every level', async () => {
  const world = await openWorld()
  const { city, user, application } = await createProfile(world)
  for (const level of ['global', 'tenant', 'application'] as const) {
    await world.engine.profiles.setValue(TENANT, { ...city, level, value: level })
  }
  const values = async (rest: object) => {
    const { items } = await world.engine.profiles.listValues(TENANT, { userId: user.id, ...rest })
    return items.map(({ value }) => value)
  }
  expect(await values({ applicationId: application.id })).toEqual(['global', 'tenant', 'application'])
  expect(await values({})).toEqual(['global', 'tenant'])
})

test('with an expected version a value is only changed, created or cleared as it was seen [VER-02]', async () => {
  const world = await openWorld()
  const { city, names } = await createProfile(world)
  const { profiles } = world.engine
  await expect(profiles.setValue(TENANT, { ...city, value: 'a', expectedVersion: 1 })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    data: { entity: 'profile-value' },
  })
  const set = await profiles.setValue(TENANT, { ...city, value: 'a', expectedVersion: 0 })
  for (const expectedVersion of [0, 2]) {
    await expect(profiles.setValue(TENANT, { ...city, value: 'b', expectedVersion })).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
      data: { entity: 'profile-value', id: set.id, expectedVersion, currentVersion: 1 },
    })
  }
  await expect(profiles.clearValue(TENANT, { ...names, expectedVersion: 2 })).rejects.toMatchObject({
    code: 'VERSION_CONFLICT',
  })
  expect(await profiles.setValue(TENANT, { ...city, value: 'b', expectedVersion: 1 })).toMatchObject({
    version: 2,
  })
  expect(await profiles.clearValue(TENANT, { ...names, expectedVersion: 2 })).toMatchObject({ version: 2 })
})

test.each<[string, object, object]>([
  [
    'a value that does not fit',
    { value: CANARY.repeat(3) },
    { attribute: 'city', issues: [{ path: 'value', expected: 'at most 20 characters' }] },
  ],
  [
    'an attribute the catalog does not have',
    { attributeKey: 'none' },
    { attribute: 'none', issues: [{ path: 'attributeKey' }] },
  ],
  [
    'a level the attribute does not allow',
    { attributeKey: 'desk', level: 'global' },
    { attribute: 'desk', issues: [{ path: 'level', expected: 'one of tenant' }] },
  ],
])('%s is CATALOG_VIOLATION, on record as failed, and not repeated anywhere', async (_name, wrong, data) => {
  const world = await openWorld()
  const { user } = await createMember(world)
  const desk = defineAttribute({ key: 'desk', levels: ['tenant'] })
  const { application } = await bindApplication(world, { attributes: [CITY, desk] })
  const input = {
    userId: user.id,
    applicationId: application.id,
    audience: 'self',
    source: 'test',
    level: 'tenant',
    attributeKey: 'city',
    value: 'x',
  } as const
  const { result, audit, events } = await trace(world, TENANT, () =>
    world.engine.profiles.setValue(TENANT, { ...input, ...wrong }).catch((error: unknown) => error),
  )
  expect(result).toMatchObject({ code: 'CATALOG_VIOLATION', data })
  expect(events).toEqual([])
  expect(audit).toMatchObject([
    { action: 'profile-value.set', outcome: 'failed', reason: 'CATALOG_VIOLATION', target: { id: user.id } },
  ])
  expect(JSON.stringify([result, audit])).not.toContain(CANARY)
})

test('an audience that is no editor is denied, and that is on record', async () => {
  const world = await openWorld()
  const { city, names, user } = await createProfile(world)
  const asApplication = { attributeKey: 'locale', audience: 'application' } as const
  for (const attempt of [
    () => world.engine.profiles.setValue(TENANT, { ...city, ...asApplication, value: 'de' }),
    () => world.engine.profiles.clearValue(TENANT, { ...names, ...asApplication }),
  ]) {
    const { result, audit, events } = await trace(world, TENANT, () =>
      attempt().catch((error: unknown) => error),
    )
    expect(result).toMatchObject({ code: 'ACCESS_DENIED', data: { reason: 'audience may not edit' } })
    expect(events).toEqual([])
    expect(audit).toMatchObject([
      { outcome: 'denied', reason: 'audience may not edit', target: { type: 'user', id: user.id } },
    ])
  }
  expect(
    await world.engine.profiles.setValue(TENANT, { ...city, attributeKey: 'locale', value: 'de' }),
  ).toMatchObject({
    value: 'de',
  })
})
test.each([
  ['no source of definitions', { applicationId: undefined }],
  ['two sources of definitions', { catalogId: '01900000-0000-7000-8000-000000000000' }],
  [
    'the level application without an application',
    {
      applicationId: undefined,
      catalogId: '01900000-0000-7000-8000-000000000000',
      level: 'application' as const,
    },
  ],
  ['no value', { value: undefined }],
  ['a value that cannot be kept', { value: 'a\u0000' }],
])('%s is VALIDATION, and nobody is asked', async (_name, wrong) => {
  const world = await openWorld()
  const { city } = await createProfile(world)
  world.authorization.requests.length = 0
  const input = { ...city, value: 'x', ...wrong }
  await expect(
    world.engine.profiles.setValue(TENANT, input as typeof input & { value: JsonValue }),
  ).rejects.toMatchObject({ code: 'VALIDATION' })
  expect(world.authorization.requests).toEqual([])
})
test('writers without an expected version all finish, and the last one wins', async () => {
  const world = await openWorld()
  const { city, user } = await createProfile(world)
  const wanted = Array.from({ length: 12 }, (_, index) => `city-${index}`)
  const written = await Promise.all(
    wanted.map((value) => world.engine.profiles.setValue(TENANT, { ...city, value })),
  )
  expect(written.map(({ version }) => version).sort((one, other) => one - other)).toEqual(
    wanted.map((_, index) => index + 1),
  )
  const { items } = await world.engine.profiles.listValues(TENANT, { userId: user.id })
  expect(items).toEqual([written.find(({ version }) => version === wanted.length)])
})

test('of many writers with the same expected version exactly one wins [VER-03]', async () => {
  const world = await openWorld()
  const { city } = await createProfile(world)
  const settled = await Promise.allSettled(
    ['a', 'b', 'c', 'd'].map((value) =>
      world.engine.profiles.setValue(TENANT, { ...city, value, expectedVersion: 0 }),
    ),
  )
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const write of settled) {
    if (write.status === 'rejected') {
      expect(write.reason).toMatchObject({
        code: 'VERSION_CONFLICT',
        data: { expectedVersion: 0, currentVersion: 1 },
      })
    }
  }
})
