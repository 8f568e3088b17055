import { UserEngineError } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { createTable, defineTable } from './table.ts'

interface Item {
  readonly id: string
  readonly branch: string
  readonly group: string
  readonly key: string
}

const ITEMS = defineTable<Item>(
  'user',
  ({ id }) => id,
)({
  sorted: {
    branchOf: ({ branch }) => branch,
    groupOf: ({ group }) => group,
    keyOf: ({ key }) => key,
    ordered: true,
    refuseDuplicate: () => new UserEngineError('DUPLICATE_KEY', { entity: 'user', key: 'key' }),
  },
})

function fill(...items: readonly Item[]) {
  const table = createTable(ITEMS)
  for (const item of items) table.add(item.id, item)
  const keysOf = (branch: string, group: string) => {
    const keys: string[] = []
    for (const walk = table.index(ITEMS.sorted).walk({ branch, group }); walk.next(); ) keys.push(walk.key)
    return keys
  }
  const idAt = (branch: string, key: string) =>
    table.index(ITEMS.sorted).find({ branch, group: 'g', key })?.id
  return { table, keysOf, idAt }
}

const item = (id: string, branch: string, key: string): Item => ({ id, branch, group: 'g', key })

test('groups of the same name in different branches have nothing to do with each other', () => {
  const { table, keysOf, idAt } = fill(
    item('1', '', 'b'),
    item('2', 'x', 'b'),
    item('3', 'x', 'a'),
    item('4', 'y', 'b'),
  )
  expect(keysOf('', 'g')).toEqual(['b'])
  expect(keysOf('x', 'g')).toEqual(['a', 'b'])
  expect(keysOf('none', 'g')).toEqual([])
  expect([idAt('', 'b'), idAt('x', 'b'), idAt('y', 'b'), idAt('y', 'a')]).toEqual(['1', '2', '4', undefined])

  table.remove('2')
  expect(keysOf('x', 'g')).toEqual(['a'])
  expect([idAt('', 'b'), idAt('y', 'b')]).toEqual(['1', '4'])
})

test('an index without a branch named is the main one', () => {
  const { table } = fill(item('1', '', 'a'), item('2', 'x', 'a'))
  expect(table.index(ITEMS.sorted).find({ group: 'g', key: 'a' })?.id).toBe('1')
})
