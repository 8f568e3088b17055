import { expect, test } from 'vitest'
import { isSameJson, writeCanonicalJson } from './canonical-json.ts'

test.each([
  [null, 'null'],
  [undefined, 'null'],
  ['a"\u2028', JSON.stringify('a"\u2028')],
  [-0, '0'],
  [1e21, '1e+21'],
  [[1, [null], {}], '[1,[null],{}]'],
  [{ b: 1, a: { d: undefined, c: [] } }, '{"a":{"c":[]},"b":1}'],
])('writes %j as %s', (value, text) => {
  expect(writeCanonicalJson(value)).toBe(text)
})

test('the order of keys makes no difference, the order of items does', () => {
  expect(isSameJson({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true)
  expect(isSameJson([1, 2], [2, 1])).toBe(false)
  expect(isSameJson({ b: 0, 10: 1, 9: [{ d: 1, c: 2 }] }, { 9: [{ c: 2, d: 1 }], b: 0, 10: 1 })).toBe(true)
  expect(isSameJson(-0, 0)).toBe(true)
  expect(isSameJson(null, {})).toBe(false)
  expect(isSameJson('1', 1)).toBe(false)
})

test('a key cannot be mistaken for the structure around it', () => {
  expect(writeCanonicalJson({ 'a":1,"b': 2 })).not.toBe(writeCanonicalJson({ a: 1, b: 2 }))
})
