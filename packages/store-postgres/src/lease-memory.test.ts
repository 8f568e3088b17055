import { expect, test } from 'vitest'
import { createLeaseMemory } from './lease-memory.ts'

test('a whole lease, and parts of it in any order, are found by their places', () => {
  const memory = createLeaseMemory()
  memory.remember(7, ['a', 'b', 'c', 'd'])
  expect(memory.placesOf(7, ['a', 'b', 'c', 'd'])).toEqual({ mask: '1111', count: 4 })
  expect(memory.placesOf(7, ['d', 'a'])).toEqual({ mask: '1001', count: 2 })
  expect(memory.placesOf(7, ['d', 'a', 'c', 'b'])).toEqual({ mask: '1111', count: 4 })
  expect(memory.placesOf(7, ['b', 'b'])).toEqual({ mask: '0100', count: 1 })
})

test('the events of two tenants that share an id are settled together', () => {
  const memory = createLeaseMemory()
  memory.remember(7, ['a', 'b', 'a'])
  expect(memory.placesOf(7, ['a'])).toEqual({ mask: '101', count: 2 })
  expect(memory.placesOf(7, ['a', 'b'])).toEqual({ mask: '111', count: 3 })
})

test('what is not known is left to the database', () => {
  const memory = createLeaseMemory()
  memory.remember(7, ['a', 'b'])
  expect(memory.placesOf(8, ['a'])).toBeNull()
  expect(memory.placesOf(7, ['a', 'x'])).toBeNull()
  memory.remember(9, [])
  expect(memory.placesOf(9, ['a'])).toBeNull()
})

test('a lease is forgotten when all of it is settled, or when it is told to', () => {
  const memory = createLeaseMemory()
  memory.remember(7, ['a', 'b'])
  memory.settled(7, 1)
  expect(memory.placesOf(7, ['b'])).not.toBeNull()
  memory.settled(7, 1)
  expect(memory.placesOf(7, ['b'])).toBeNull()
  memory.remember(8, ['a'])
  memory.forget(8)
  expect(memory.placesOf(8, ['a'])).toBeNull()
})

test('leases that nobody settles here make room', () => {
  const memory = createLeaseMemory()
  for (let token = 1; token <= 300; token += 1) memory.remember(token, ['a'])
  expect(memory.placesOf(1, ['a'])).toBeNull()
  expect(memory.placesOf(300, ['a'])).not.toBeNull()
})
