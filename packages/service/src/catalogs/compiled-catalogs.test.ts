import type { Catalog } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { defineAttribute } from '../testing/definitions.ts'
import { createCompiledCatalogs } from './compiled-catalogs.ts'

const NOW = '2026-01-01T00:00:00.000Z'

function catalog(id: string, overrides: Partial<Catalog> = {}): Catalog {
  return {
    id,
    applicationId: null,
    key: 'people',
    catalogVersion: 1,
    status: 'published',
    attributes: [defineAttribute({ key: 'city' })],
    breakingChanges: [],
    version: 2,
    createdAt: NOW,
    updatedAt: NOW,
    ...overrides,
  }
}

test('a published catalog need not be read again, also after it was retired', () => {
  const catalogs = createCompiledCatalogs()
  expect(catalogs.find('1')).toBeUndefined()
  const compiled = catalogs.compile(catalog('1', { status: 'retired' }))
  expect(compiled.attributes.get('city')?.check(1)).toHaveLength(1)
  expect(compiled.catalog).toEqual({ id: '1', key: 'people', catalogVersion: 1 })
  expect(catalogs.find('1')).toBe(compiled)
})

test('a draft may still change and is never kept', () => {
  const catalogs = createCompiledCatalogs()
  expect(catalogs.compile(catalog('1', { status: 'draft' })).attributes.size).toBe(1)
  expect(catalogs.find('1')).toBeUndefined()
})

test('what was compiled the longest time ago goes first', () => {
  const catalogs = createCompiledCatalogs({ limit: 2 })
  for (const id of ['1', '2', '1', '3']) catalogs.compile(catalog(id))
  expect(['1', '2', '3'].map((id) => catalogs.find(id)?.catalog.id)).toEqual(['1', undefined, '3'])
})

test('a catalog is read again after a minute: a restored database may hold another under its id', () => {
  let now = 0
  const catalogs = createCompiledCatalogs({ now: () => now })
  catalogs.compile(catalog('1'))
  now = 59_999
  expect(catalogs.find('1')).toBeDefined()
  now = 60_000
  expect(catalogs.find('1')).toBeUndefined()
  const changed = catalogs.compile(catalog('1', { attributes: [] }))
  expect(catalogs.find('1')).toBe(changed)
})

test('an audience views its attributes, by key', () => {
  const attributes = [
    defineAttribute({ key: 'b' }),
    defineAttribute({ key: 'hidden', viewers: ['platform'] }),
    defineAttribute({ key: 'a' }),
  ]
  const compiled = createCompiledCatalogs().compile(catalog('1', { attributes }))
  expect(compiled.viewedBy('self').map(({ key }) => key)).toEqual(['a', 'b'])
  expect(compiled.viewedBy('platform').map(({ key }) => key)).toContain('hidden')
  expect(compiled.viewedBy('self')).toBe(compiled.viewedBy('self'))
})
