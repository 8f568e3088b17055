import { describe, expect, it } from 'vitest'
import { compareAscii, compareNumbers, createOrderedMap } from './ordered-map.ts'

function shuffled(count: number): number[] {
  const numbers = Array.from({ length: count }, (_, index) => index)
  let seed = 7
  for (let index = count - 1; index > 0; index--) {
    seed = (seed * 48271) % 2147483647
    const other = seed % (index + 1)
    const kept = numbers[index] as number
    numbers[index] = numbers[other] as number
    numbers[other] = kept
  }
  return numbers
}

describe('OrderedMap', () => {
  it.each([5, 32, 33, 1000])('keeps %i keys in order and finds each', (count) => {
    const map = createOrderedMap<number, string>(compareNumbers)
    for (const number of shuffled(count)) map.set(number, `v${number}`)

    expect(map.size).toBe(count)
    expect([...map.entries()].map(([key]) => key)).toEqual(Array.from({ length: count }, (_, index) => index))
    expect(map.get(3)).toBe('v3')
    expect(map.get(-1)).toBeUndefined()
    expect(map.first()).toBe('v0')
  })

  it.each([6, 500])('starts a walk at, after and between the keys of %i entries', (count) => {
    const map = createOrderedMap<number, number>(compareNumbers)
    for (const number of shuffled(count)) map.set(number * 2, number)

    const keys = (key: number, inclusive: boolean) =>
      [...map.entries({ key, inclusive })].slice(0, 2).map(([found]) => found)
    expect(keys(4, true)).toEqual([4, 6])
    expect(keys(4, false)).toEqual([6, 8])
    expect(keys(5, true)).toEqual([6, 8])
    expect(keys(5, false)).toEqual([6, 8])
    expect(keys(count * 2, true)).toEqual([])
  })

  it.each([10, 300])('replaces and deletes among %i entries', (count) => {
    const map = createOrderedMap<number, string>(compareNumbers)
    for (const number of shuffled(count)) map.set(number, 'old')
    map.set(4, 'new')
    expect(map.get(4)).toBe('new')
    expect(map.size).toBe(count)

    expect(map.delete(4)).toBe(true)
    expect(map.delete(4)).toBe(false)
    for (const number of shuffled(count)) map.delete(number)
    expect(map.size).toBe(0)
    expect(map.first()).toBeUndefined()
    expect([...map.entries()]).toEqual([])
  })

  it('orders ASCII text bytewise', () => {
    const words = ['b', 'a b', 'a', 'a-b', 'B', '~', '!', 'a.b']
    const map = createOrderedMap<string, null>(compareAscii)
    for (const word of words) map.set(word, null)
    const bytewise = [...words].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    expect([...map.entries()].map(([key]) => key)).toEqual(bytewise)
  })
})
