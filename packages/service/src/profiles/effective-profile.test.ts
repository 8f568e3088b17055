import { expect, test } from 'vitest'
import { defineAttribute } from '../testing/definitions.ts'
import { bindApplication, CITY, createMember, LOCALE, openWorld, TENANT } from '../testing/world.ts'

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
