import { describe, expect, it } from 'vitest'
import { compareAscii, compareNumbers, createOrderedMap, type OrderedMap, type Start } from './ordered-map.ts'

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

function keysOf<Key>(map: OrderedMap<Key, unknown>, start?: Start<Key>): Key[] {
  const keys: Key[] = []
  const walk = map.walk(start)
  while (walk.next()) keys.push(walk.key)
  return keys
}

describe('OrderedMap', () => {
  it.each([5, 32, 33, 1000])('keeps %i keys in order and finds each', (count) => {
    const map = createOrderedMap<number, string>(compareNumbers)
    for (const number of shuffled(count)) map.set(number, `v${number}`)

    expect(map.size).toBe(count)
    expect(keysOf(map)).toEqual(Array.from({ length: count }, (_, index) => index))
    expect(map.get(3)).toBe('v3')
    expect(map.get(-1)).toBeUndefined()
    expect(map.first()).toBe('v0')
  })

  it.each([6, 500])('starts a walk at, after and between the keys of %i entries', (count) => {
    const map = createOrderedMap<number, number>(compareNumbers)
    for (const number of shuffled(count)) map.set(number * 2, number)

    const keys = (key: number, inclusive: boolean) => keysOf(map, { key, inclusive }).slice(0, 2)
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
    expect(keysOf(map)).toEqual([])
  })

  it('orders ASCII text bytewise', () => {
    const words = ['b', 'a b', 'a', 'a-b', 'B', '~', '!', 'a.b']
    const map = createOrderedMap<string, true>(compareAscii)
    for (const word of words) map.set(word, true)
    const bytewise = [...words].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    expect(keysOf(map)).toEqual(bytewise)
  })

  it('is a queue: what is oldest goes, what is newest comes', () => {
    const map = createOrderedMap<number, string>(compareNumbers)
    for (let number = 0; number < 10_000; number++) {
      map.set(number, `v${number}`)
      if (number >= 100) map.delete(number - 100)
    }
    expect(map.size).toBe(100)
    expect(map.first()).toBe('v9900')
    expect(keysOf(map)).toEqual(Array.from({ length: 100 }, (_, index) => 9_900 + index))
  })

  it.each([
    ['growing keys', (random: () => number, turn: number) => turn + Math.floor(random() * 3)],
    ['keys from a small range', (random: () => number) => Math.floor(random() * 90)],
    ['keys from everywhere', (random: () => number) => Math.floor(random() * 100_000)],
  ])('behaves as a sorted list does, with %s', (_name, keyOf) => {
    let seed = 11
    const random = () => {
      seed = (seed * 48271) % 2147483647
      return seed / 2147483647
    }
    const map = createOrderedMap<number, string>(compareNumbers)
    const model = new Map<number, string>()
    const sorted = () => [...model.keys()].sort(compareNumbers)
    for (let turn = 0; turn < 4_000; turn++) {
      const key = keyOf(random, turn)
      if (random() < 0.6) {
        map.set(key, `v${turn}`)
        model.set(key, `v${turn}`)
      } else {
        const [oldest = key] = model.keys()
        const victim = random() < 0.5 ? oldest : key
        expect(map.delete(victim)).toBe(model.delete(victim))
      }
      expect(map.get(key)).toBe(model.get(key))
      if (turn % 97 !== 0) continue
      const keys = sorted()
      expect(map.size).toBe(keys.length)
      expect(map.first()).toBe(keys[0] === undefined ? undefined : model.get(keys[0]))
      expect(keysOf(map)).toEqual(keys)
      const after = { key, inclusive: random() < 0.5 }
      expect(keysOf(map, after)).toEqual(keys.filter((one) => (after.inclusive ? one >= key : one > key)))
    }
  })
})
