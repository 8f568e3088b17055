import { expect, it } from 'vitest'
import { createIdPositions } from './id-positions.ts'
import { idOf } from './testing/records.ts'

function logOf(numbers: readonly number[]) {
  const ids: string[] = []
  const positions = createIdPositions((position) => ids[position] as string)
  for (const number of numbers) {
    ids.push(idOf(number))
    positions.append(idOf(number))
  }
  return positions
}

it.each([
  ['in order', [1, 2, 3, 5, 8, 13]],
  ['the other way round', [13, 8, 5, 3, 2, 1]],
  ['with some that come late', [1, 5, 2, 8, 3, 13]],
  ['behind one that is higher than all', [0xffff, 1, 2, 3]],
])('finds where each id stands, %s', (_name, numbers) => {
  const positions = logOf(numbers)
  expect(numbers.map((number) => positions.find(idOf(number)))).toEqual(numbers.map((_, index) => index))
  for (const missing of [0, 4, 6, 12, 14, 0xfffff]) expect(positions.find(idOf(missing))).toBeUndefined()
})

it('an empty log has no id', () => {
  expect(logOf([]).find(idOf(1))).toBeUndefined()
})
