import { expect, test } from 'vitest'
import { openWorld, PLATFORM, TENANT, versionOf } from '../testing/world.ts'

test('an application is registered, renamed, retired, and known in every scope', async () => {
  const { engine } = await openWorld()
  const application = await engine.applications.register(PLATFORM, { key: 'mail', name: 'Mail' })
  expect(application).toMatchObject({ key: 'mail', name: 'Mail', status: 'active', version: 1 })
  const renamed = await engine.applications.update(PLATFORM, { ...versionOf(application), name: 'Post' })
  expect(renamed).toMatchObject({ name: 'Post', version: 2 })
  const retired = await engine.applications.retire(PLATFORM, versionOf(renamed))
  expect(retired).toMatchObject({ status: 'retired', version: 3 })
  expect(await engine.applications.get(TENANT, { id: application.id })).toEqual(retired)
  expect((await engine.applications.list(TENANT)).items).toEqual([retired])
  await expect(engine.applications.retire(PLATFORM, versionOf(retired))).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { entity: 'application', state: 'retired', allowed: ['active'] },
  })
})

test('a key is registered once', async () => {
  const { engine } = await openWorld()
  await engine.applications.register(PLATFORM, { key: 'mail', name: 'Mail' })
  await expect(engine.applications.register(PLATFORM, { key: 'mail', name: 'Other' })).rejects.toMatchObject({
    code: 'DUPLICATE_KEY',
    data: { entity: 'application', key: 'key' },
  })
})

test('a tenant registers, changes and retires nothing', async () => {
  const { engine } = await openWorld()
  const application = await engine.applications.register(PLATFORM, { key: 'mail', name: 'Mail' })
  const notHere = { code: 'SCOPE_NOT_ALLOWED', data: { entity: 'application', allowed: 'platform' } }
  await expect(engine.applications.register(TENANT, { key: 'x', name: 'X' })).rejects.toMatchObject(notHere)
  await expect(
    engine.applications.update(TENANT, { ...versionOf(application), name: 'X' }),
  ).rejects.toMatchObject(notHere)
  await expect(engine.applications.retire(TENANT, versionOf(application))).rejects.toMatchObject(notHere)
})
