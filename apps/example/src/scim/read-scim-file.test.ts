import { expect, test } from 'vitest'
import { writeTemporaryFile } from '../testing/temporary-folder.ts'
import { readScimFile, ScimFileError } from './read-scim-file.ts'

const ada = { userName: 'ada' }
const grace = { userName: 'grace' }

async function read(text: string) {
  const records = []
  for await (const record of readScimFile(await writeTemporaryFile(text))) records.push(record)
  return records
}

const ok = (position: number, value: unknown) => ({ position, content: { ok: true, value } })

test('one user per line: positions are lines, blank lines do not count as users', async () => {
  const text = `${JSON.stringify(ada)}\r\n\r\n${JSON.stringify(grace)}\n`
  expect(await read(text)).toEqual([ok(1, ada), ok(3, grace)])
})

test('an array, a ListResponse and a single user', async () => {
  expect(await read(JSON.stringify([ada, grace], null, 2))).toEqual([ok(1, ada), ok(2, grace)])
  const list = {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: 2,
    Resources: [ada, grace],
  }
  expect(await read(JSON.stringify(list))).toEqual([ok(1, ada), ok(2, grace)])
  expect(await read(JSON.stringify(list, null, 2))).toEqual([ok(1, ada), ok(2, grace)])
  expect(await read(JSON.stringify(ada))).toEqual([ok(1, ada)])
  expect(await read(JSON.stringify(ada, null, 2))).toEqual([ok(1, ada)])
})

test('a byte order mark is not part of the data', async () => {
  expect(await read(`\uFEFF${JSON.stringify([ada])}`)).toEqual([ok(1, ada)])
  expect(await read(`\uFEFF${JSON.stringify(ada)}\n${JSON.stringify(grace)}`)).toEqual([
    ok(1, ada),
    ok(2, grace),
  ])
})

test('a line that is no JSON is one refused record, wherever it stands', async () => {
  const broken = { ok: false, reason: 'the line is not JSON' }
  expect(await read(`${JSON.stringify(ada)}\n{"userName":\n`)).toEqual([
    ok(1, ada),
    { position: 2, content: broken },
  ])
  expect(await read(`{"userName":\n${JSON.stringify(grace)}\n`)).toEqual([
    { position: 1, content: broken },
    ok(2, grace),
  ])
})

test('a file that holds no users is refused in one sentence', async () => {
  await expect(read('not json')).rejects.toThrow(ScimFileError)
  await expect(read('{"answer": 42}')).rejects.toThrow(/holds neither SCIM users/)
  await expect(read('"text"')).rejects.toThrow(ScimFileError)
  await expect(read('')).rejects.toThrow(ScimFileError)
})
