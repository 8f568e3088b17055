import { expect, test } from 'vitest'
import { createFieldArrays } from './field-arrays.ts'

test('each record keeps its fields, also across arrays', () => {
  const fields = createFieldArrays(3)
  for (let n = 0; n < 1_000; n++) {
    const { array, start } = fields.append()
    array[start] = n
    array[start + 1] = `a${n}`
    array[start + 2] = null
  }
  expect(fields.length).toBe(1_000)
  for (const n of [0, 1, 255, 256, 511, 512, 999]) {
    const { array, start } = fields.at(n)
    expect(array.slice(start, start + 3)).toEqual([n, `a${n}`, null])
  }
})
