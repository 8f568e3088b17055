import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createMemoryStore } from './create-memory-store.ts'

test('the manifest names the version of the package', () => {
  const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  expect(createMemoryStore().capabilities.store).toEqual({ name, version })
})
