import { expect, test } from 'vitest'
import { createProfile } from '../testing/profile-world.ts'
import { CITY, openWorld, PLATFORM, publishCatalog, TENANT, versionOf } from '../testing/world.ts'

test('the definitions must be there, enabled and published', async () => {
  const world = await openWorld()
  const { city, names, application, binding, catalog } = await createProfile(world)
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
  const { city, application } = await createProfile(world)
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
