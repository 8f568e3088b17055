import { describe, expect, test } from 'vitest'
import { findJsonIssue, formatPath, MAX_JSON_BYTES, MAX_JSON_DEPTH } from './json-value.ts'

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

describe('values that can be kept', () => {
  test.each([
    ['null', null],
    ['nested null, empty object and array', { a: null, b: {}, c: [], d: [[], {}] }],
    ['the largest safe integer', Number.MAX_SAFE_INTEGER],
    ['negative zero', -0],
    ['64 KiB of text', 'x'.repeat(65_536)],
    ['every kind of character', '\u0001\ud83d\ude00 é e\u0301 אבג %_\\ .*'],
    [`${MAX_JSON_DEPTH} levels`, nested(MAX_JSON_DEPTH)],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
    ['exactly the limit', 'x'.repeat(MAX_JSON_BYTES - 2)],
  ])('%s', (_, value) => {
    expect(findJsonIssue(value)).toBeNull()
  })
})

describe('values that are refused, with the path and without the value [VAL-02]', () => {
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  test.each([
    ['U+0000', { a: ['canary\u0000'] }, 'a[0]'],
    ['a lone surrogate', { a: { b: 'canary\ud800' } }, 'a.b'],
    ['U+0000 in a key', { a: { 'canary\u0000': 1 } }, 'a'],
    ['NaN', [Number.NaN], '[0]'],
    ['Infinity', { deep: { er: Number.NEGATIVE_INFINITY } }, 'deep.er'],
    ['undefined inside', { a: undefined }, 'a'],
    ['undefined as a whole', undefined, ''],
    ['a hole in an array', Array(2), '[0]'],
    ['a Date', { at: new Date(0) }, 'at'],
    ['a bigint', 1n, ''],
    ['a function', { f: () => 1 }, 'f'],
    ['a symbol key', { [Symbol('canary')]: 1 }, ''],
    ['a Map', new Map(), ''],
    ['too many levels', nested(MAX_JSON_DEPTH + 1), '[0]'.repeat(MAX_JSON_DEPTH)],
    ['too many bytes', 'canary'.repeat(50_000), ''],
    [
      'too many bytes in keys',
      Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`k${i}`, 1])),
      '',
    ],
    ['multi-byte characters over the limit', 'é'.repeat(MAX_JSON_BYTES / 2), ''],
  ])('%s', (_, value, path) => {
    const issue = findJsonIssue(value)
    expect(issue?.path).toBe(path)
    expect(JSON.stringify(issue)).not.toContain('canary')
  })

  test('a cycle', () => {
    expect(findJsonIssue(cycle)?.expected).toContain('cycles')
  })

  test('the size is that of the JSON text', () => {
    for (const value of [
      'plain',
      'quote " and \\',
      '\u0007\n',
      'é',
      '漢',
      '😀',
      { 'k"': [1.5, true, null, 'x'] },
    ]) {
      const bytes = Buffer.byteLength(JSON.stringify(value))
      const filler = 'x'.repeat(MAX_JSON_BYTES - bytes - Buffer.byteLength('[,""]'))
      expect(findJsonIssue([value, filler])).toBeNull()
      expect(findJsonIssue([value, `${filler}x`])).not.toBeNull()
    }
  })
})

test('paths name plain keys and positions only', () => {
  expect(formatPath(['a', 0, 'b-c', 'odd key', 'ä'])).toBe('a[0].b-c[*][*]')
})
