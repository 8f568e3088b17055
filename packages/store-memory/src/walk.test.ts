import { expect, it } from 'vitest'
import { compareNumbers } from './ordered-map.ts'
import { mergeWalks, NO_WALK, type Walk, walkArrays, walkEntries } from './walk.ts'

function entriesOf<Key, Value>(walk: Walk<Key, Value>): [Key, Value][] {
  const entries: [Key, Value][] = []
  while (walk.next()) entries.push([walk.key, walk.value])
  // A walk that has ended stays at its end.
  expect(walk.next()).toBe(false)
  return entries
}

it('walks over arrays from an index on, past gaps', () => {
  const arrays = { keys: [1, 2, 3, 4, 5], values: ['a', 'b', undefined, 'd', undefined] }
  expect(entriesOf(walkArrays({ ...arrays, from: 1 }))).toEqual([
    [2, 'b'],
    [4, 'd'],
  ])
  expect(entriesOf(walkArrays({ ...arrays, from: 5 }))).toEqual([])
  expect(entriesOf(NO_WALK)).toEqual([])
})

it.each([
  ['both empty', [], [], []],
  ['one empty', [1, 2], [], ['under 1', 'under 2']],
  ['the other empty', [], [1, 2], ['over 1', 'over 2']],
  ['taking turns', [1, 3], [2, 4], ['under 1', 'over 2', 'under 3', 'over 4']],
  ['one after the other', [3, 4], [1, 2], ['over 1', 'over 2', 'under 3', 'under 4']],
  ['the same keys', [1, 2, 3], [1, 3, 4], ['over 1', 'under 2', 'over 3', 'over 4']],
])('merges by key, %s', (_name, under, over, expected) => {
  const named = (name: string, keys: readonly number[]) =>
    walkEntries(keys.map((key) => [key, `${name} ${key}`] as const))
  const walk = mergeWalks({
    under: named('under', under),
    over: named('over', over),
    compare: compareNumbers,
  })
  expect(entriesOf(walk).map(([, value]) => value)).toEqual(expected)
})
