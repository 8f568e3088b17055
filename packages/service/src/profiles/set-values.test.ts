import type { JsonValue } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { createProfile } from '../testing/profile-world.ts'
import { CITY, openWorld, publishCatalog, TENANT, trace, versionOf } from '../testing/world.ts'

test('many values are set all or nothing, in the order of the input', async () => {
  const world = await openWorld()
  const { city, user } = await createProfile(world)
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
  const { city, user } = await createProfile(world)
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
  const { city, names, application, binding } = await createProfile(world)
  await world.engine.profiles.setValue(TENANT, { ...city, value: 'Bern' })
  const tighter = await publishCatalog(world, {
    applicationId: application.id,
    attributes: [{ ...CITY, levels: ['global'] }],
  })
  await world.engine.applicationBindings.rebind(TENANT, { ...versionOf(binding), catalogId: tighter.id })
  expect(await world.engine.profiles.clearValue(TENANT, names)).toMatchObject({ value: 'Bern' })
})
test('no value is named twice, and there are at most 100', async () => {
  const world = await openWorld()
  const { city } = await createProfile(world)
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
