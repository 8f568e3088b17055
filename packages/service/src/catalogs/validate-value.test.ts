import type { AttributeDefinition, JsonValue } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { defineAttribute } from '../testing/definitions.ts'
import { compileValueCheck } from './validate-value.ts'

type Shape = Partial<AttributeDefinition>

const check = (shape: Shape, value: JsonValue) =>
  compileValueCheck(defineAttribute({ key: 'attribute', ...shape }))(value)

test.each<[string, Shape, JsonValue]>([
  ['a text', {}, 'x'],
  ['an empty text', {}, ''],
  ['a text of the least length', { constraints: { minLength: 2 } }, 'ab'],
  ['a text of the greatest length, in UTF-16 code units', { constraints: { maxLength: 2 } }, '😀'],
  ['a listed text', { constraints: { oneOf: ['a', 'b'] } }, 'b'],
  ['an e-mail address', { constraints: { format: 'email' } }, 'ada@example.org'],
  ['a URI', { constraints: { format: 'uri' } }, 'https://example.org/a?b#c'],
  ['a URN', { constraints: { format: 'uri' } }, 'urn:example:a'],
  ['a leap day', { constraints: { format: 'date' } }, '2024-02-29'],
  ['a UUID', { constraints: { format: 'uuid' } }, '0198c5d4-7c00-7000-8000-000000000000'],
  ['a language tag', { constraints: { format: 'locale' } }, 'zh-Hant-TW'],
  ['a time zone', { constraints: { format: 'time-zone' } }, 'Europe/Berlin'],
  ['the time zone UTC', { constraints: { format: 'time-zone' } }, 'UTC'],
  ['a number', { type: 'number' }, -1.5],
  ['the least number', { type: 'number', constraints: { minimum: 0.5 } }, 0.5],
  ['the greatest number', { type: 'number', constraints: { maximum: 0.5 } }, 0.5],
  ['an integer', { type: 'integer' }, 2 ** 53 - 1],
  ['an integer written with a fraction of nothing', { type: 'integer' }, 1.0],
  ['a listed number', { type: 'number', constraints: { oneOf: [1, 2] } }, 2],
  ['a truth value', { type: 'boolean' }, false],
  ['an instant', { type: 'instant' }, '2026-01-31T09:30:00.000Z'],
  ['an empty list', { type: 'string-list', constraints: { maxItems: 0 } }, []],
  ['a list whose items fit', { type: 'string-list', constraints: { maxItems: 2, minLength: 1 } }, ['a', 'a']],
  ['any JSON', { type: 'json' }, { a: [null, { b: 1 }] }],
  ['null where nothing is required', { type: 'integer', constraints: { minimum: 1 } }, null],
])('%s fits', (_name, shape, value) => {
  expect(check(shape, value)).toEqual([])
})

test.each<[string, Shape, JsonValue, string, string]>([
  ['a number for a text', {}, 1, 'value', 'a text'],
  ['a short text', { constraints: { minLength: 3 } }, 'ab', 'value', 'at least 3 characters'],
  ['a long text', { constraints: { maxLength: 1 } }, 'ab', 'value', 'at most 1 characters'],
  [
    'an unlisted text',
    { constraints: { oneOf: ['a'] } },
    'A',
    'value',
    'one of the values the catalog lists',
  ],
  ['no e-mail address', { constraints: { format: 'email' } }, 'ada@', 'value', 'an e-mail address'],
  ['no URI', { constraints: { format: 'uri' } }, '/a', 'value', 'an absolute URI'],
  [
    'a URI with spaces around it',
    { constraints: { format: 'uri' } },
    ' https://a.b',
    'value',
    'an absolute URI',
  ],
  ['no date', { constraints: { format: 'date' } }, '2023-02-29', 'value', 'a date such as 2026-01-31'],
  ['no UUID', { constraints: { format: 'uuid' } }, '1', 'value', 'a UUID'],
  [
    'no language tag',
    { constraints: { format: 'locale' } },
    'de_CH',
    'value',
    'a language tag such as de-CH',
  ],
  [
    'an empty language tag',
    { constraints: { format: 'locale' } },
    '',
    'value',
    'a language tag such as de-CH',
  ],
  [
    'no time zone',
    { constraints: { format: 'time-zone' } },
    'Mars/Base',
    'value',
    'a time zone such as Europe/Berlin',
  ],
  ['a text for a number', { type: 'number' }, '1', 'value', 'a number'],
  ['a small number', { type: 'number', constraints: { minimum: 1 } }, 0.9, 'value', 'at least 1'],
  ['a great number', { type: 'number', constraints: { maximum: 1 } }, 1.1, 'value', 'at most 1'],
  ['a fraction for an integer', { type: 'integer' }, 1.5, 'value', 'an integer up to 2^53-1'],
  [
    'an integer that JSON cannot tell from others',
    { type: 'integer' },
    2 ** 53,
    'value',
    'an integer up to 2^53-1',
  ],
  ['a text for an integer', { type: 'integer' }, '1', 'value', 'an integer'],
  [
    'an unlisted number',
    { type: 'integer', constraints: { oneOf: [1] } },
    2,
    'value',
    'one of the values the catalog lists',
  ],
  ['a text for a truth value', { type: 'boolean' }, 'true', 'value', 'true or false'],
  ['no instant', { type: 'instant' }, '2026-01-31', 'value', 'an instant such as 2026-01-31T09:30:00.000Z'],
  ['a text for a list', { type: 'string-list' }, 'a', 'value', 'a list of texts'],
  [
    'a long list',
    { type: 'string-list', constraints: { maxItems: 1 } },
    ['a', 'b'],
    'value',
    'at most 1 items',
  ],
  ['an item that is no text', { type: 'string-list' }, ['a', 1], 'value[1]', 'a text'],
  [
    'an item that does not fit',
    { type: 'string-list', constraints: { format: 'date' } },
    ['x'],
    'value[0]',
    'a date such as 2026-01-31',
  ],
  [
    'null where a value is required',
    { required: true, type: 'json' },
    null,
    'value',
    'a value other than null',
  ],
])('%s does not fit', (_name, shape, value, path, expected) => {
  expect(check(shape, value)).toEqual([{ path, expected }])
})

test('every constraint that is broken is named, and the value is not', () => {
  const issues = check({ constraints: { minLength: 20, format: 'email', oneOf: ['a'] } }, 'canary-value')
  expect(issues).toHaveLength(3)
  expect(JSON.stringify(issues)).not.toContain('canary')
})
