import type { JsonValue } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { defineAttribute } from '../testing/definitions.ts'
import {
  bindApplication,
  CANARY,
  CITY,
  createMember,
  LOCALE,
  openWorld,
  PLATFORM,
  publishCatalog,
  TENANT,
  trace,
  versionOf,
  type World,
} from '../testing/world.ts'

/** A member, a bound application, and what every value of the tests has in common. */
async function arrange(world: World) {
  const { user } = await createMember(world)
  const { application, catalog, binding } = await bindApplication(world)
  const city = {
    userId: user.id,
    applicationId: application.id,
    audience: 'self',
    source: 'self-service',
    level: 'tenant',
    attributeKey: 'city',
  } as const
  const { source: _source, ...names } = city
  return { user, application, catalog, binding, city, names }
}

test('a value is set, changed and cleared, and says where it came from', async () => {
  const world = await openWorld()
  const { user, catalog, city, names } = await arrange(world)
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
  const { city, application, binding } = await arrange(world)
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
  const { city, user, application } = await arrange(world)
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
  const { city, names } = await arrange(world)
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
  const { city, names, user } = await arrange(world)
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

test('many values are set all or nothing, in the order of the input', async () => {
  const world = await openWorld()
  const { city, user } = await arrange(world)
  const { level: _level, attributeKey: _key, ...origin } = city
  const item = (attributeKey: string, value: JsonValue) => ({ level: 'tenant', attributeKey, value }) as const
  const { profiles } = world.engine
  const { result, audit, events } = await trace(world, TENANT, () =>
    profiles.setValues(TENANT, { ...origin, values: [item('locale', 'de'), item('city', 'Bern')] }),
  )
  expect(result.map(({ attributeKey }) => attributeKey)).toEqual(['locale', 'city'])
  expect(audit.map(({ changedFields, target }) => [changedFields, target.id])).toEqual([
    [['locale'], result[0]?.id],
    [['city'], result[1]?.id],
  ])
  expect(events.map(({ aggregateType, aggregateId }) => [aggregateType, aggregateId])).toEqual([
    ['user', user.id],
    ['user', user.id],
  ])

  const half = { ...origin, values: [item('city', 'Basel'), item('locale', 'not a locale')] }
  await expect(profiles.setValues(TENANT, half)).rejects.toMatchObject({
    code: 'CATALOG_VIOLATION',
    data: { attribute: 'locale' },
  })
  const { items } = await profiles.listValues(TENANT, { userId: user.id })
  expect(items.map(({ value }) => value)).toEqual(['Bern', 'de'])

  const some = await trace(world, TENANT, () =>
    profiles.setValues(TENANT, { ...origin, values: [item('city', 'Bern'), item('locale', 'fr')] }),
  )
  expect(some.result.map(({ version }) => version)).toEqual([1, 2])
  expect(some.events).toHaveLength(1)
})

test('many values are cleared all or nothing', async () => {
  const world = await openWorld()
  const { city, user } = await arrange(world)
  await world.engine.profiles.setValue(TENANT, { ...city, value: 'Bern' })
  const { level, attributeKey, source: _source, ...origin } = city
  const named = { level, attributeKey } as const
  const { profiles } = world.engine
  const other = { level, attributeKey: 'locale' } as const
  await expect(
    profiles.clearValues(TENANT, { ...origin, values: [named, { ...other, expectedVersion: 1 }] }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await profiles.listValues(TENANT, { userId: user.id })).items).toHaveLength(1)
  expect(await profiles.clearValues(TENANT, { ...origin, values: [other, named] })).toMatchObject([
    null,
    { attributeKey: 'city' },
  ])
})

test('a value that was set under a looser catalog can still be cleared', async () => {
  const world = await openWorld()
  const { city, names, application, binding } = await arrange(world)
  await world.engine.profiles.setValue(TENANT, { ...city, value: 'Bern' })
  const tighter = await publishCatalog(world, {
    applicationId: application.id,
    attributes: [{ ...CITY, levels: ['global'] }],
  })
  await world.engine.applicationBindings.rebind(TENANT, { ...versionOf(binding), catalogId: tighter.id })
  expect(await world.engine.profiles.clearValue(TENANT, names)).toMatchObject({ value: 'Bern' })
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
  const { city } = await arrange(world)
  world.authorization.requests.length = 0
  const input = { ...city, value: 'x', ...wrong }
  await expect(
    world.engine.profiles.setValue(TENANT, input as typeof input & { value: JsonValue }),
  ).rejects.toMatchObject({ code: 'VALIDATION' })
  expect(world.authorization.requests).toEqual([])
})

test('no value is named twice, and there are at most 100', async () => {
  const world = await openWorld()
  const { city } = await arrange(world)
  const { level, attributeKey, ...origin } = city
  const item = { level, attributeKey, value: 'x' }
  for (const values of [
    [item, item],
    [],
    Array.from({ length: 101 }, (_, index) => ({ ...item, attributeKey: `a${index}` })),
  ]) {
    await expect(world.engine.profiles.setValues(TENANT, { ...origin, values })).rejects.toMatchObject({
      code: 'VALIDATION',
    })
  }
})

test('the definitions must be there, enabled and published', async () => {
  const world = await openWorld()
  const { city, names, application, binding, catalog } = await arrange(world)
  const { engine } = world
  const disabled = await engine.applicationBindings.disable(TENANT, versionOf(binding))
  const off = {
    code: 'INVALID_STATE',
    data: { entity: 'application-binding', state: 'disabled', allowed: ['enabled'] },
  }
  await expect(engine.profiles.setValue(TENANT, { ...city, value: 'x' })).rejects.toMatchObject(off)
  await expect(engine.profiles.clearValue(TENANT, names)).rejects.toMatchObject(off)
  await expect(
    engine.profiles.effective(TENANT, {
      userId: city.userId,
      applicationId: application.id,
      audience: 'self',
    }),
  ).rejects.toMatchObject(off)
  await engine.applicationBindings.enable(TENANT, versionOf(disabled))

  const { applicationId: _app, ...origin } = city
  const draft = await engine.catalogs.draft(PLATFORM, { applicationId: null, key: 'd', attributes: [CITY] })
  await expect(
    engine.profiles.setValue(TENANT, { ...origin, catalogId: draft.id, value: 'x' }),
  ).rejects.toMatchObject({ code: 'INVALID_STATE', data: { entity: 'catalog', state: 'draft' } })

  // Once through the cache, so that a status which changes afterwards is still seen.
  await engine.profiles.setValue(TENANT, { ...origin, catalogId: catalog.id, value: 'x' })
  await engine.catalogs.retire(PLATFORM, versionOf(catalog))
  await expect(
    engine.profiles.setValue(TENANT, { ...origin, catalogId: catalog.id, value: 'y' }),
  ).rejects.toMatchObject({ code: 'INVALID_STATE', data: { entity: 'catalog', state: 'retired' } })
  expect(await engine.profiles.setValue(TENANT, { ...city, value: 'z' })).toMatchObject({ value: 'z' })

  const unbound = await engine.applications.register(PLATFORM, { key: 'unbound', name: 'x' })
  await expect(
    engine.profiles.setValue(TENANT, { ...city, applicationId: unbound.id, value: 'x' }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND', data: { entity: 'application-binding' } })
})

test('a user the tenant does not see has no profile there [TEN-02]', async () => {
  const world = await openWorld()
  const { city, application } = await arrange(world)
  const stranger = await world.engine.users.create(PLATFORM, { kind: 'person' })
  const userId = stranger.id
  await expect(world.engine.profiles.setValue(TENANT, { ...city, userId, value: 'x' })).rejects.toMatchObject(
    {
      code: 'NOT_FOUND',
      data: { entity: 'user', id: userId },
    },
  )
  await expect(
    world.engine.profiles.effective(TENANT, { userId, applicationId: application.id, audience: 'self' }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND', data: { entity: 'user', id: userId } })
})

test('the platform sets global values, and no others', async () => {
  const world = await openWorld()
  const user = await world.engine.users.create(PLATFORM, { kind: 'person' })
  const { id: catalogId } = await publishCatalog(world)
  const input = {
    userId: user.id,
    catalogId,
    audience: 'platform',
    source: 'import',
    attributeKey: 'city',
    value: 'Bern',
  } as const
  const set = await world.engine.profiles.setValue(PLATFORM, { ...input, level: 'global' })
  expect(set).toMatchObject({ scope: { level: 'global' } })
  expect((await world.engine.profiles.listValues(PLATFORM, { userId: user.id })).items).toEqual([set])
  await expect(world.engine.profiles.setValue(PLATFORM, { ...input, level: 'tenant' })).rejects.toMatchObject(
    {
      code: 'SCOPE_NOT_ALLOWED',
      data: { entity: 'profile-value', allowed: 'tenant' },
    },
  )
})

test('writers without an expected version all finish, and the last one wins', async () => {
  const world = await openWorld()
  const { city, user } = await arrange(world)
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
  const { city } = await arrange(world)
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

test('the effective profile is what the levels amount to for the audience', async () => {
  const world = await openWorld()
  const { user } = await createMember(world)
  const badge = defineAttribute({ key: 'badge', required: true, viewers: ['tenant-administrator'] })
  const { application, catalog } = await bindApplication(world, { attributes: [LOCALE, CITY, badge] })
  const origin = { userId: user.id, applicationId: application.id, audience: 'self', source: 'test' } as const
  const set = (level: 'global' | 'tenant' | 'application', value: string) =>
    world.engine.profiles.setValue(TENANT, { ...origin, level, attributeKey: 'city', value })
  await set('global', 'Bern')
  const tenantValue = await set('tenant', 'Basel')
  const view = (audience: 'self' | 'tenant-administrator') =>
    world.engine.profiles.effective(TENANT, { userId: user.id, applicationId: application.id, audience })

  expect(await view('self')).toEqual({
    userId: user.id,
    applicationId: application.id,
    catalog: { id: catalog.id, key: 'people', catalogVersion: 1 },
    attributes: [
      {
        key: 'city',
        value: 'Basel',
        origin: 'tenant',
        classification: 'personal',
        provenance: tenantValue.provenance,
        version: 1,
        updatedAt: tenantValue.updatedAt,
      },
      {
        key: 'locale',
        value: 'en',
        origin: 'default',
        classification: 'internal',
        provenance: null,
        version: null,
        updatedAt: null,
      },
    ],
    missing: [],
  })
  expect((await view('tenant-administrator')).missing).toEqual(['badge'])
  await set('application', 'Genf')
  expect((await view('self')).attributes[0]).toMatchObject({ origin: 'application', value: 'Genf' })
})

test('an effective profile is complete also when the values fill several pages', async () => {
  const world = await openWorld()
  const { user } = await createMember(world)
  const keys = Array.from({ length: 200 }, (_, index) => `a${String(index).padStart(3, '0')}`)
  const { application } = await bindApplication(world, {
    attributes: keys.map((key) => defineAttribute({ key })),
  })
  const origin = { userId: user.id, applicationId: application.id, audience: 'self', source: 'test' } as const
  for (const level of ['global', 'tenant', 'application'] as const) {
    for (const half of [keys.slice(0, 100), keys.slice(100)]) {
      const values = half.map((attributeKey) => ({ level, attributeKey, value: level }))
      await world.engine.profiles.setValues(TENANT, { ...origin, values })
    }
  }
  const { attributes } = await world.engine.profiles.effective(TENANT, {
    userId: user.id,
    applicationId: application.id,
    audience: 'self',
  })
  expect(attributes.map(({ key }) => key)).toEqual(keys)
  expect(new Set(attributes.map((attribute) => attribute.origin))).toEqual(new Set(['application']))
})
