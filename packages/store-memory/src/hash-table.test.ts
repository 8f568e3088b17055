import { describe, expect, it } from 'vitest'
import { createHashTable } from './hash-table.ts'
import { comeAndGo } from './testing/coming-and-going.ts'
import { idOf } from './testing/records.ts'

it('is empty at first', () => {
  const table = createHashTable<number>()
  expect(table.size).toBe(0)
  expect(table.get('')).toBeUndefined()
  table.delete('a')
  expect(table.size).toBe(0)
})

it('tells apart keys that differ in one character, in order, in length, or only beyond ASCII', () => {
  const keys = ['', 'a', 'b', 'aa', 'ab', 'ba', 'aaa', 'ä', 'a\u0000', '\u0000a', '𝒜', '\ud835', '漢字']
  const table = createHashTable<string>()
  for (const key of keys) table.set(key, `value of ${key}`)
  expect(keys.map((key) => table.get(key))).toEqual(keys.map((key) => `value of ${key}`))
  expect(table.size).toBe(keys.length)
})

it('finds a text that was put together', () => {
  const table = createHashTable<number>()
  table.set(`${idOf(1)} ${idOf(2)}`, 1)
  expect(table.get([idOf(1), idOf(2)].join(' '))).toBe(1)
})

it('keeps the number of an entry while it is there, however many come and go', () => {
  const table = createHashTable<string>()
  expect(table.entryOf('kept')).toBe(0)
  const kept = table.set('kept', 'first')
  const removed = table.set('removed', 'x')
  for (let n = 0; n < 100; n++) table.set(idOf(n), 'x')
  table.delete('removed')
  expect(table.entryOf('removed')).toBe(0)
  expect(table.set('kept', 'second')).toBe(kept)
  expect([table.entryOf('kept'), table.keyAt(kept), table.valueAt(kept)]).toEqual([kept, 'kept', 'second'])
  table.setAt(kept, 'third')
  expect(table.get('kept')).toBe('third')
  // What was removed leaves its number to the next.
  expect(table.set('next', 'x')).toBe(removed)
})

describe.each([
  ['ids', idOf],
  ['short numbers', (n: number) => String(n)],
  ['texts with a long beginning', (n: number) => `https://issuer.example/realms/main/users/${n}/profile`],
])('of %s', (_name, keyOf) => {
  it('does what a Map does, whatever is set and deleted in between', () => {
    const table = createHashTable<number>()
    const map = new Map<string, number>()
    for (const { turn, isComing, pick } of comeAndGo()) {
      const key = keyOf(pick(2_000))
      if (isComing) {
        table.set(key, turn)
        map.set(key, turn)
      } else {
        table.delete(key)
        map.delete(key)
      }
      expect(table.size).toBe(map.size)
    }
    for (let n = 0; n < 2_000; n++) expect(table.get(keyOf(n))).toBe(map.get(keyOf(n)))
  })
})
