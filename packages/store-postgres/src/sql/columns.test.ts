import { expect, test } from 'vitest'
import { parseTimestamp, RowReader } from './columns.ts'

test.each([
  ['2026-01-31 09:30:00+00', '2026-01-31T09:30:00.000Z'],
  ['2026-01-31 09:30:00.1+00', '2026-01-31T09:30:00.100Z'],
  ['2026-01-31 09:30:00.123+00', '2026-01-31T09:30:00.123Z'],
  ['2026-01-31 09:30:00.123456+00', '2026-01-31T09:30:00.123Z'],
  ['0001-01-01 00:00:00.05+00', '0001-01-01T00:00:00.050Z'],
  ['9999-12-31 23:59:59.999+00', '9999-12-31T23:59:59.999Z'],
])('%s is %s', (text, instant) => {
  expect(parseTimestamp(text)).toBe(instant)
})

test.each([
  ...[
    '2026-01-31 09:30:00+01',
    '2026-01-31 09:30:00.5+05:30',
    '2026-01-31 09:30:00',
    '2026-01-31T09:30:00+00',
  ],
  ...[
    '31/01/2026 09:30:00 UTC',
    '31.01.2026 09:30:00 UTC',
    '0044-03-15 12:00:00+00 BC',
    '10000-01-01 00:00:00+00',
    '',
  ],
])('%s is of a session that is not in UTC and ISO style', (text) => {
  expect(() => parseTimestamp(text)).toThrow(expect.objectContaining({ code: 'INTERNAL' }))
})

test.each(['"plain"', '""', '"ä𝄞"', String.raw`"\"quoted\" \\ \u0041 \n"`, '1', '-0', 'null', '{"a":["b"]}'])(
  'the JSON %s is read as what it is',
  (text) => {
    expect(new RowReader([text]).json()).toEqual(JSON.parse(text))
  },
)
