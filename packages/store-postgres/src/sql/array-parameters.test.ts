// What the server makes of an array in binary form, beside what it makes of the same values one by one.
import type { LocalDatabase } from '@user-engine/provider-local'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase } from '../testing/test-database.ts'
import { arrayParameter, type ColumnType } from './array-parameters.ts'

let database: LocalDatabase & { drop(): Promise<void> }
let client: pg.Client

beforeAll(async () => {
  database = await createTestDatabase()
  const { host, port, user, password } = await database.capability.lease('runtime')
  client = new pg.Client({ host, port, user, password, database: database.name })
  await client.connect()
})

afterAll(async () => {
  await client.end()
  await database.drop()
})

const CASES: readonly (readonly [type: ColumnType, values: readonly (string | null)[]])[] = [
  ['uuid', ['019a0000-0042-7abc-8def-0123456789ab', 'ffffffff-ffff-7fff-bfff-ffffffffffff']],
  ['text', ['', 'NULL', '"{a},\\b"', 'ä𝄞\u{10FFFF}', `${'é'.repeat(70_000)}`, ' two words ']],
  ['integer', ['0', '2147483647', '-1']],
  ['jsonb', ['null', '"NULL"', '{"a":[1,null,{"ü":"\\"\\\\"}]}', '9007199254740991', '-0.5e-7']],
  [
    'timestamptz',
    [
      ...['0001-01-01T00:00:00.000Z', '1582-10-14T23:59:59.999Z', '1969-12-31T23:59:59.999Z'],
      ...['1999-12-31T23:59:59.999Z', '2000-01-01T00:00:00.000Z', '2026-02-28T12:34:56.789Z'],
      '9999-12-31T23:59:59.999Z',
    ],
  ],
]

test.each(CASES)('an array of %s holds what its values are one by one', async (type, values) => {
  // Each value once more, so that what is repeated is seen as well, and nothing at both ends.
  const elements = [null, ...values.flatMap((value) => [value, value]), null]
  const alone = elements.map((_, index) => `$${index + 2}::${type}`).join(', ')
  const { rows } = await client.query(
    `SELECT element::text, element IS NOT DISTINCT FROM (ARRAY[${alone}])[place] AS same
     FROM unnest($1::${type}[]) WITH ORDINALITY a (element, place)`,
    [arrayParameter(type, elements), ...elements],
  )
  expect(rows).toHaveLength(elements.length)
  expect(rows.filter(({ same }) => same !== true)).toEqual([])
})

test('an array of nothing is an empty one', async () => {
  const { rows } = await client.query('SELECT cardinality($1::text[]) AS size', [arrayParameter('text', [])])
  expect(rows).toEqual([{ size: 0 }])
})
