import { type JsonValue, MAX_JSON_BYTES } from '@user-engine/store-protocol'
import { LOOKALIKES } from './lookalikes.ts'

/** Values that every store keeps exactly [VAL-01]; the last member where what is read back is written differently. */
export const KEPT_VALUES: readonly (readonly [name: string, value: JsonValue, readBack?: JsonValue])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['zero', 0],
  ['nested null', { a: null, b: [null, { c: null }] }],
  ['empty object', {}],
  ['empty array', []],
  ['empty object and array inside', { a: {}, b: [], c: [[], {}] }],
  ['empty text', ''],
  ['spaces at both ends', ' \t a \n '],
  ['negative zero', -0, 0],
  ['negative zero inside', { a: [-0] }, { a: [0] }],
  ['the largest safe integers', [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]],
  ['fractions', [0.1, -2.5, 0.1 + 0.2, 1 / 3, 123456789.12345679]],
  ['exponents', [1e21, 1e-7, 5e-324, 1.7976931348623157e308, 1e100]],
  ['64 KiB of text', 'x'.repeat(65_536)],
  [
    'control characters but U+0000',
    String.fromCharCode(...Array.from({ length: 31 }, (_, index) => index + 1), 0x7f),
  ],
  ['the edges of Unicode', '\u0080\u07ff\u0800\ud7ff\ue000\ufdd0\ufeff\ufffd\ufffe\uffff\u{10000}\u{10ffff}'],
  ['line separators', 'a\u2028b\u2029c\r\nd\u0085e'],
  ['emoji and joiners', '😀👩‍👩‍👧‍👦🇪🇺👍🏽'],
  ['NFC beside NFD', ['\u00e9', 'e\u0301', '\u1e9b\u0323', '\u1e9b\u0323'.normalize('NFKD')]],
  ['right to left', 'שלום \u202eabc\u202c العربية'],
  ['LIKE and regular expressions', "%_\\%' OR 1=1 -- .*+?^$()[]{}|"],
  ['quotes and backslashes', '"\\"\\u0041\\n\'`$1 $$ :name ?'],
  [
    'texts that look like other types',
    ['2026-01-01T00:00:00.000Z', 'null', 'true', '1', '-0', 'NaN', '{"a":1}', '[]', ''],
  ],
  [
    'keys that look alike',
    Object.fromEntries([...LOOKALIKES, '', ' ', 'constructor', 'toString'].map((key, index) => [key, index])),
  ],
  ['keys that look like indexes', { '1': 'a', '0': 'b', '-1': 'c', length: 3, toJSON: 'd' }],
  ['31 levels', nest(31)],
  ['many members', Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`key${index}`, index]))],
  ['a long list', Array.from({ length: 5_000 }, (_, index) => index)],
]

/** Values at the very limits: kept as a value, too much for a payload that holds them [VAL-02]. */
export const LIMIT_VALUES: readonly (readonly [name: string, value: JsonValue])[] = [
  ['32 levels', nest(32)],
  ['32 levels of objects', nestObjects(32)],
  ['exactly 256 KiB', 'x'.repeat(MAX_JSON_BYTES - 2)],
  ['exactly 256 KiB of characters of three bytes', `${'漢'.repeat(87_380)}xx`],
]

/** A value that is nested this often. */
export function nest(levels: number): JsonValue {
  let value: JsonValue = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

function nestObjects(levels: number): JsonValue {
  let value: JsonValue = 1
  for (let level = 0; level < levels; level++) value = { a: value }
  return value
}
