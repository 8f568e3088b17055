import { UserEngineError } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { createTable, defineTable, type Table } from './table.ts'

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
  const idAt = (branch: string | undefined, key: string) => {
    const row = table.index(ITEMS.sorted).find({ ...(branch !== undefined && { branch }), group: 'g', key })
    return row === undefined ? undefined : table.idAt(row)
  }
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
  const { idAt } = fill(item('1', '', 'a'), item('2', 'x', 'a'))
  expect(idAt(undefined, 'a')).toBe('1')
})

test('a row names the place of a record whatever its version, and later perhaps that of another', () => {
  const { table, idAt } = fill(item('1', '', 'a'), item('2', '', 'b'))
  const row = table.rowOf('1')
  const next = { ...item('1', '', 'a') }
  table.replace('1', next)
  expect([table.rowOf('1'), table.idAt(row), table.itemAt(row)]).toEqual([row, '1', next])
  expect(table.itemAt(row)).toBe(next)

  table.remove('1')
  expect([table.rowOf('1'), table.get('1')]).toEqual([0, undefined])
  table.add('3', item('3', '', 'c'))
  expect([table.rowOf('3'), table.get('1'), table.get('3')?.id]).toEqual([row, undefined, '3'])
  expect(['a', 'b', 'c'].map((key) => idAt('', key))).toEqual([undefined, '2', '3'])
})

test('a row knows the row that it belongs to', () => {
  const { table: owners } = fill(item('1', '', 'a'), item('2', '', 'b'))
  const table = createTable(ITEMS, { table: owners as Table<unknown>, idOf: ({ key }) => key })
  for (const id of ['x', 'y']) table.add(id, item(id, '', '2'))
  table.add('z', item('z', '', 'none'))
  expect(['x', 'y', 'z'].map((id) => table.ownerAt(table.rowOf(id)))).toEqual([
    owners.rowOf('2'),
    owners.rowOf('2'),
    0,
  ])
})
