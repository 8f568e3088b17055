import { expect, it } from 'vitest'
import { createFewMap } from './few-map.ts'

it.each([3, 8, 9, 100])('behaves as a map does, with %i entries', (count) => {
  const map = createFewMap<string, number>()
  const model = new Map<string, number>()
  const entries = () => {
    const found: [string, number][] = []
    map.forEach((value, key) => {
      found.push([key, value])
    })
    return found
  }
  for (let index = 0; index < count; index++) {
    map.set(`k${index}`, index)
    model.set(`k${index}`, index)
  }
  map.set('k1', -1)
  model.set('k1', -1)
  expect(entries()).toEqual([...model])
  expect([map.get('k0'), map.get('k1'), map.get('x')]).toEqual([0, -1, undefined])
  expect([map.has('k0'), map.has('x')]).toEqual([true, false])

  for (const key of ['k0', 'x', `k${count - 1}`]) {
    map.delete(key)
    model.delete(key)
  }
  expect(map.size).toBe(model.size)
  expect(entries()).toEqual([...model])
})
