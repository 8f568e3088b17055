import { expect, test } from 'vitest'
import {
  bindApplication,
  CITY,
  openWorld,
  PLATFORM,
  publishCatalog,
  TENANT,
  versionOf,
} from '../testing/world.ts'

test('a tenant binds an application, moves to another catalog version, switches it off and on', async () => {
  const world = await openWorld()
  const { application, catalog, binding } = await bindApplication(world)
  const { applicationBindings } = world.engine
  expect(binding).toMatchObject({
    tenantId: 'acme',
    applicationId: application.id,
    catalogId: catalog.id,
    status: 'enabled',
    version: 1,
  })
  const next = await publishCatalog(world, { applicationId: application.id })
  const rebound = await applicationBindings.rebind(TENANT, { ...versionOf(binding), catalogId: next.id })
  expect(rebound).toMatchObject({ catalogId: next.id, status: 'enabled', version: 2 })
  const disabled = await applicationBindings.disable(TENANT, versionOf(rebound))
  await expect(applicationBindings.disable(TENANT, versionOf(disabled))).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { entity: 'application-binding', state: 'disabled', allowed: ['enabled'] },
  })
  const enabled = await applicationBindings.enable(TENANT, versionOf(disabled))
  expect(enabled).toMatchObject({ status: 'enabled', catalogId: next.id, version: 4 })
  expect(await applicationBindings.get(TENANT, { id: binding.id })).toEqual(enabled)
  expect((await applicationBindings.list(TENANT)).items).toEqual([enabled])
  await expect(applicationBindings.enable(TENANT, versionOf(enabled))).rejects.toMatchObject({
    code: 'INVALID_STATE',
  })
})

test('an application is bound once in a tenant', async () => {
  const world = await openWorld()
  const { application, catalog } = await bindApplication(world)
  const again = { applicationId: application.id, catalogId: catalog.id }
  await expect(world.engine.applicationBindings.bind(TENANT, again)).rejects.toMatchObject({
    code: 'DUPLICATE_KEY',
    data: { entity: 'application-binding', key: 'tenantId,applicationId' },
  })
})

test('a retired application is not bound; a binding there is goes on', async () => {
  const world = await openWorld()
  const { application, catalog, binding } = await bindApplication(world)
  await world.engine.applications.retire(PLATFORM, versionOf(application))
  const other = { ...TENANT, scope: { tenantId: 'globex' } }
  await expect(
    world.engine.applicationBindings.bind(other, { applicationId: application.id, catalogId: catalog.id }),
  ).rejects.toMatchObject({ code: 'INVALID_STATE', data: { entity: 'application', state: 'retired' } })
  expect(await world.engine.applicationBindings.disable(TENANT, versionOf(binding))).toMatchObject({
    status: 'disabled',
  })
})

test('only published catalogs of the application or the platform are bound', async () => {
  const world = await openWorld()
  const { engine } = world
  const [mail, chat] = await Promise.all(
    ['mail', 'chat'].map((key) => engine.applications.register(PLATFORM, { key, name: key })),
  )
  const applicationId = mail?.id ?? ''
  const bind = (catalogId: string) => engine.applicationBindings.bind(TENANT, { applicationId, catalogId })

  const draft = await engine.catalogs.draft(PLATFORM, { applicationId, key: 'people', attributes: [CITY] })
  await expect(bind(draft.id)).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { entity: 'catalog', id: draft.id, state: 'draft', allowed: ['published'] },
  })
  const foreign = await publishCatalog(world, { applicationId: chat?.id ?? '' })
  await expect(bind(foreign.id)).rejects.toMatchObject({
    code: 'VALIDATION',
    data: { issues: [{ path: 'catalogId' }] },
  })
  const platform = await publishCatalog(world)
  const binding = await bind(platform.id)
  const retired = await engine.catalogs.retire(
    PLATFORM,
    versionOf(await publishCatalog(world, { applicationId, key: 'old' })),
  )
  for (const [catalogId, code] of [
    [retired.id, 'INVALID_STATE'],
    [foreign.id, 'VALIDATION'],
    [binding.id, 'NOT_FOUND'],
  ] as const) {
    await expect(
      engine.applicationBindings.rebind(TENANT, { ...versionOf(binding), catalogId }),
    ).rejects.toMatchObject({ code })
  }
})

test('what is missing is named', async () => {
  const world = await openWorld()
  const catalog = await publishCatalog(world)
  await expect(
    world.engine.applicationBindings.bind(TENANT, { applicationId: catalog.id, catalogId: catalog.id }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND', data: { entity: 'application', id: catalog.id } })
})

test('bindings belong to tenants', async () => {
  const world = await openWorld()
  const { application, catalog } = await bindApplication(world)
  const binding = { applicationId: application.id, catalogId: catalog.id }
  await expect(world.engine.applicationBindings.bind(PLATFORM, binding)).rejects.toMatchObject({
    code: 'SCOPE_NOT_ALLOWED',
    data: { entity: 'application-binding', allowed: 'tenant' },
  })
})
