import { expect, test } from 'vitest'
import { SEEDED, seededId, tenantOf } from '../data/world.ts'
import { fill, pgbenchScript, templateOf } from './template.ts'

const SIZE = { users: 100, tenants: 3, delivered: 0, auditRecords: 0 }
const FRESH = '0199aaaa-0000-7000-8000-000000000001'

const template = templateOf(
  {
    n: 5,
    version: 777,
    calls: [
      {
        text: 'UPDATE users u SET name = $3 WHERE u.id = $1 AND u.version = $2 AND t = $4',
        values: [seededId(SEEDED.user, 5), '777', "it's 12:30", tenantOf(5, SIZE)],
      },
      { text: 'INSERT INTO log VALUES ($1, $2)', values: [FRESH, null] },
    ],
  },
  SIZE,
)

test('what was particular to the recording is filled in for another record', () => {
  const [update, insert] = fill(template, { n: 7, version: 3 }, SIZE)
  expect(update?.values).toEqual([seededId(SEEDED.user, 7), '3', "it's 12:30", 'tenant-1'])
  expect(insert?.values[0]).not.toBe(FRESH)
  expect(insert?.values[1]).toBeNull()
})

test('pgbench gets constants as variables and compares the version with itself', () => {
  const { text, variables } = pgbenchScript(template, SIZE, SIZE.users)
  expect(text).toContain('u.version = u.version')
  expect(text).toContain('\\set n random(51, 100)')
  expect(Object.values(variables)).toEqual(["it's 12:30"])
  expect(text).not.toContain('12:30')
  expect(text).not.toMatch(/\$\d/)
})
