// The schema that Prisma's client is generated from, and the database that the migrations make, say the same: judged by
// Prisma's own engine.
import { readFileSync } from 'node:fs'
import type { LocalDatabase } from '@user-engine/provider-local'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PACKAGE_ROOT } from './package-info.ts'
import { prismaDrift } from './testing/prisma-schema-engine.ts'
import { createTestDatabase } from './testing/test-database.ts'

const PRISMA_SCHEMA = readFileSync(new URL('prisma/schema.prisma', PACKAGE_ROOT), 'utf8')
let database: LocalDatabase & { drop(): Promise<void> }

beforeAll(async () => {
  database = await createTestDatabase()
})

afterAll(async () => {
  await database.drop()
})

async function drift(prismaSchema = PRISMA_SCHEMA): Promise<string> {
  const { host, port, user, password } = await database.capability.lease('migration')
  const connectionString = `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(String(password))}@${host}:${port}/${database.name}`
  return await prismaDrift({ connectionString, schema: 'user_engine', prismaSchema })
}

const NOTHING = '-- This is an empty migration.'

test('they agree', async () => {
  expect((await drift()).trim()).toBe(NOTHING)
})

test.each([
  [
    'a field that no column has',
    '  displayName         String?',
    '  nickname            String?\n  displayName         String?',
    'nickname',
  ],
  ['another type', '  version             Int\n', '  version             BigInt\n', 'version'],
  [
    'an index that is not there',
    '  @@index([tenantId, groupKey, id])',
    '  @@index([tenantId, roleKey, id])',
    'role_key',
  ],
  ['a key that is not there', '  @@unique([subject, issuer])', '  @@unique([subject])', 'subject'],
])('the schema with %s does not agree', async (_, found, changed, named) => {
  const altered = PRISMA_SCHEMA.replace(found, changed)
  expect(altered).not.toBe(PRISMA_SCHEMA)
  expect(await drift(altered)).toContain(named)
})

test.each([
  [
    'CREATE INDEX extra_idx ON user_engine.users (created_at)',
    'DROP INDEX user_engine.extra_idx',
    'extra_idx',
  ],
  [
    'ALTER TABLE user_engine.users ALTER display_name SET NOT NULL',
    'ALTER TABLE user_engine.users ALTER display_name DROP NOT NULL',
    'display_name',
  ],
  ['CREATE TABLE user_engine.extra (id integer PRIMARY KEY)', 'DROP TABLE user_engine.extra', 'extra'],
])('the database after %s does not agree', async (change, undo, named) => {
  await database.query(change)
  try {
    expect(await drift()).toContain(named)
  } finally {
    await database.query(undo)
  }
})
