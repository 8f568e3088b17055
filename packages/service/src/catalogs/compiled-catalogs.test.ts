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

test('a published catalog is compiled once, also after it was retired', () => {
  const catalogs = createCompiledCatalogs()
  const compiled = catalogs.compile(catalog('1'))
  expect(compiled.get('city')?.check(1)).toHaveLength(1)
  expect(catalogs.compile(catalog('1', { status: 'retired', version: 3 }))).toBe(compiled)
})

test('a draft may still change and is never kept', () => {
  const catalogs = createCompiledCatalogs()
  catalogs.compile(catalog('1', { status: 'draft' }))
  const edited = catalogs.compile(catalog('1', { status: 'draft', attributes: [] }))
  expect(edited.size).toBe(0)
  expect(catalogs.compile(catalog('1')).size).toBe(1)
})

test('what was used the longest time ago goes first', () => {
  const catalogs = createCompiledCatalogs(2)
  const [first, second] = [catalogs.compile(catalog('1')), catalogs.compile(catalog('2'))]
  catalogs.compile(catalog('1'))
  catalogs.compile(catalog('3'))
  expect(catalogs.compile(catalog('1'))).toBe(first)
  expect(catalogs.compile(catalog('2'))).not.toBe(second)
})
