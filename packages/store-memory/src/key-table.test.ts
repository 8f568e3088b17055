import { expect, test } from 'vitest'
import { createKeyTable, type GroupKey } from './key-table.ts'
import { comeAndGo } from './testing/coming-and-going.ts'
import { idOf } from './testing/records.ts'

function createRecords() {
  const records: GroupKey[] = [{ group: '', key: '' }]
  const table = createKeyTable((row, { group, key }) => {
    const record = records[row]
    return record?.group === group && record.key === key
  })
  return { records, table }
}

test('a row is found by its group and key together, and by nothing less', () => {
  const { records, table } = createRecords()
  const keys = [
    { group: 'a', key: 'b' },
    { group: 'b', key: 'a' },
    { group: '', key: 'ab' },
    { group: 'ab', key: '' },
    { group: 'ä', key: '漢字' },
  ]
  for (const key of keys) table.add(key, records.push(key) - 1)
  expect(keys.map((key) => table.find(key))).toEqual([1, 2, 3, 4, 5])
  expect(table.find({ group: 'a', key: 'a' })).toBeUndefined()
  expect(createRecords().table.find({ group: 'a', key: 'a' })).toBeUndefined()
})

test('a row that is not there is not removed, and nothing in its place', () => {
  const { records, table } = createRecords()
  const key = { group: 'a', key: 'b' }
  const row = records.push(key) - 1
  table.remove(key, row)
  table.add(key, row)
  table.remove(key, row + 1)
  expect(table.find(key)).toBe(row)
  table.remove(key, row)
  expect(table.find(key)).toBeUndefined()
})

test('it does what a Map does, whatever is added and removed in between', () => {
  const { records, table } = createRecords()
  const map = new Map<string, number>()
  for (const { isComing, pick } of comeAndGo()) {
    const key = { group: idOf(pick(100)), key: `key-${pick(20)}` }
    const name = `${key.group} ${key.key}`
    const row = map.get(name)
    if (isComing && row === undefined) {
      const added = records.push(key) - 1
      table.add(key, added)
      map.set(name, added)
    } else if (!isComing && row !== undefined) {
      table.remove(key, row)
      map.delete(name)
    }
    expect(table.find(key)).toBe(map.get(name))
  }
  for (let group = 0; group < 100; group++) {
    for (let n = 0; n < 20; n++) {
      const key = { group: idOf(group), key: `key-${n}` }
      expect(table.find(key)).toBe(map.get(`${key.group} ${key.key}`))
    }
  }
})
