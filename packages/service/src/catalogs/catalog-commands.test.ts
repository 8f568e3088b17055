import { expect, test } from 'vitest'
import { defineAttribute } from '../testing/definitions.ts'
import { CITY, LOCALE, openWorld, PLATFORM, publishCatalog, TENANT, versionOf } from '../testing/world.ts'

const FAMILY = { applicationId: null, key: 'people' }

test('a draft is edited, published and retired', async () => {
  const { engine } = await openWorld()
  const draft = await engine.catalogs.draft(PLATFORM, { ...FAMILY, attributes: [] })
  expect(draft).toMatchObject({ catalogVersion: 1, status: 'draft', breakingChanges: [], version: 1 })
  const edited = await engine.catalogs.editDraft(PLATFORM, { ...versionOf(draft), attributes: [CITY] })
  expect(edited).toMatchObject({ attributes: [CITY], version: 2 })
  const published = await engine.catalogs.publish(PLATFORM, versionOf(edited))
  expect(published).toMatchObject({
    status: 'published',
    attributes: [CITY],
    breakingChanges: [],
    version: 3,
  })
  expect(await engine.catalogs.get(TENANT, { id: draft.id })).toEqual(published)
  const retired = await engine.catalogs.retire(PLATFORM, versionOf(published))
  expect(retired).toMatchObject({ status: 'retired', attributes: [CITY], version: 4 })
  expect((await engine.catalogs.list(TENANT)).items).toEqual([retired])
})

test('what an attribute leaves undefined, it does not have [VAL-03]', async () => {
  const { engine } = await openWorld()
  const attributes = [{ ...CITY, default: undefined, constraints: { maxLength: 20, minLength: undefined } }]
  const draft = await engine.catalogs.draft(PLATFORM, { ...FAMILY, attributes })
  expect(Object.keys(draft.attributes[0] ?? {})).not.toContain('default')
  const edited = await engine.catalogs.editDraft(PLATFORM, { ...versionOf(draft), attributes })
  expect(edited.attributes).toStrictEqual([CITY])
})

test('what is published never changes again', async () => {
  const world = await openWorld()
  const published = await publishCatalog(world)
  const { catalogs } = world.engine
  await expect(
    catalogs.editDraft(PLATFORM, { ...versionOf(published), attributes: [LOCALE] }),
  ).rejects.toMatchObject({ code: 'INVALID_STATE' })
  await expect(catalogs.publish(PLATFORM, versionOf(published))).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { entity: 'catalog', state: 'published', allowed: ['draft'] },
  })
})

test('a draft is not retired: nobody has used it', async () => {
  const { engine } = await openWorld()
  const draft = await engine.catalogs.draft(PLATFORM, { ...FAMILY, attributes: [CITY] })
  await expect(engine.catalogs.retire(PLATFORM, versionOf(draft))).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { state: 'draft', allowed: ['published'] },
  })
})

test('the next version is one above the highest, or the one that is asked for', async () => {
  const { engine } = await openWorld()
  const draft = (input = {}) => engine.catalogs.draft(PLATFORM, { ...FAMILY, attributes: [], ...input })
  expect(await draft()).toMatchObject({ catalogVersion: 1 })
  expect(await draft({ catalogVersion: 7 })).toMatchObject({ catalogVersion: 7 })
  expect(await draft()).toMatchObject({ catalogVersion: 8 })
  expect(await draft({ key: 'other' })).toMatchObject({ catalogVersion: 1 })
  await expect(draft({ catalogVersion: 7 })).rejects.toMatchObject({
    code: 'DUPLICATE_KEY',
    data: { entity: 'catalog', key: 'applicationId,key,catalogVersion' },
  })
  const versions = await engine.catalogs.listVersions(PLATFORM, FAMILY)
  expect(versions.items.map(({ catalogVersion }) => catalogVersion)).toEqual([8, 7, 1])
})

test('drafts that are started at once get a version each', async () => {
  const { engine } = await openWorld()
  const drafts = await Promise.all(
    Array.from({ length: 5 }, () => engine.catalogs.draft(PLATFORM, { ...FAMILY, attributes: [] })),
  )
  expect(drafts.map(({ catalogVersion }) => catalogVersion).sort()).toEqual([1, 2, 3, 4, 5])
})

test('a draft of an application that does not exist is NOT_FOUND, and a tenant drafts nothing', async () => {
  const { engine } = await openWorld()
  const missing = '01900000-0000-7000-8000-000000000000'
  await expect(
    engine.catalogs.draft(PLATFORM, { applicationId: missing, key: 'people', attributes: [] }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND', data: { entity: 'application', id: missing } })
  await expect(engine.catalogs.draft(TENANT, { ...FAMILY, attributes: [] })).rejects.toMatchObject({
    code: 'SCOPE_NOT_ALLOWED',
  })
})

test('publishing checks the definitions and leaves a draft that fails as it was', async () => {
  const { engine } = await openWorld()
  const attributes = [CITY, CITY, defineAttribute({ key: 'size', type: 'integer', default: 'x' })]
  const draft = await engine.catalogs.draft(PLATFORM, { ...FAMILY, attributes })
  await expect(engine.catalogs.publish(PLATFORM, versionOf(draft))).rejects.toMatchObject({
    code: 'VALIDATION',
    data: { issues: [{ path: 'attributes[1].key' }, { path: 'attributes[2].default' }] },
  })
  const empty = await engine.catalogs.editDraft(PLATFORM, { ...versionOf(draft), attributes: [] })
  await expect(engine.catalogs.publish(PLATFORM, versionOf(empty))).rejects.toMatchObject({
    code: 'VALIDATION',
    data: { issues: [{ path: 'attributes', expected: 'at least 1 attribute' }] },
  })
  expect(await engine.catalogs.get(PLATFORM, { id: draft.id })).toEqual(empty)
})

test('a publication says what it breaks against the published version before it', async () => {
  const world = await openWorld()
  await publishCatalog(world, { attributes: [CITY, LOCALE] })
  // A draft in between has broken nothing for anybody.
  await world.engine.catalogs.draft(PLATFORM, { ...FAMILY, attributes: [] })
  const second = await publishCatalog(world, { attributes: [{ ...CITY, required: true }] })
  expect(second.breakingChanges).toEqual([
    { attribute: 'city', kind: 'became-required' },
    { attribute: 'locale', kind: 'attribute-removed' },
  ])
  expect(await world.engine.catalogs.get(PLATFORM, { id: second.id })).toEqual(second)
})

test('a retired version counts only when no published one is left before it', async () => {
  const world = await openWorld()
  const first = await publishCatalog(world, { attributes: [CITY] })
  const second = await publishCatalog(world, { attributes: [CITY, LOCALE] })
  await world.engine.catalogs.retire(PLATFORM, versionOf(second))
  expect((await publishCatalog(world, { attributes: [CITY] })).breakingChanges).toEqual([])

  const key = 'retired'
  const only = await publishCatalog(world, { key, attributes: [CITY] })
  await world.engine.catalogs.retire(PLATFORM, versionOf(only))
  expect((await publishCatalog(world, { key, attributes: [LOCALE] })).breakingChanges).toEqual([
    { attribute: 'city', kind: 'attribute-removed' },
  ])
  expect(first.breakingChanges).toEqual([])
})

test('a version is compared with the one below it, also when higher ones are published', async () => {
  const world = await openWorld()
  await publishCatalog(world, { attributes: [CITY] })
  const { catalogs } = world.engine
  const between = await catalogs.draft(PLATFORM, { ...FAMILY, attributes: [CITY] })
  await publishCatalog(world, { attributes: [LOCALE] })
  expect(await catalogs.publish(PLATFORM, versionOf(between))).toMatchObject({ breakingChanges: [] })
})
