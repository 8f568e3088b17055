// Numbers of transactions begin again in a cluster that a dump was restored to. A row that a transaction of the old cluster
// inserted must not pass for one of the transaction that gets its number there [TEN-02].
import type { LocalDatabase } from '@user-engine/provider-local'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseSchemaName } from './sql/schema-name.ts'
import { seesAccount, seesUser } from './sql/visibility.ts'
import { createTestDatabase } from './testing/test-database.ts'

const ID = '01890a5d-ac96-774b-bcce-b302099a8057'
const OTHER_ID = '01890a5d-ac96-774b-bcce-b302099a8058'
const SCHEMA = parseSchemaName('user_engine')

let database: LocalDatabase & { drop(): Promise<void> }
let client: pg.Client

beforeAll(async () => {
  database = await createTestDatabase()
  await database.query(`
    INSERT INTO user_engine.users VALUES ('${ID}', 'person', 'Ada', 'active', 1, now(), now());
    INSERT INTO user_engine.accounts VALUES ('${ID}', '${ID}', 'human', 'ada', 'active', 1, now(), now());`)
  const { host, port, user, password } = await database.capability.lease('runtime')
  client = new pg.Client({ host, port, user, password, database: database.name })
  await client.connect()
})

afterAll(async () => {
  await client.end()
  await database.drop()
})

/** What a tenant sees in a transaction whose number the rows carry; `insertion` is where they come from. */
async function seenBy(insertion: 'another transaction' | 'this transaction') {
  await client.query('BEGIN')
  try {
    await client.query(`SELECT set_config('user_engine.scope', 'acme', true)`)
    const { rows } = await client.query('SELECT pg_current_xact_id() AS number, now()::text AS since')
    const { number, since } = rows[0]
    const because = insertion === 'this transaction' ? `, created_in_since = '${since}'` : ''
    for (const table of ['users', 'accounts'])
      await database.query(`UPDATE user_engine.${table} SET created_in = '${number}'${because}`)
    const count = async (sql: string, ...values: string[]) =>
      Number((await client.query(`SELECT count(*) FROM user_engine.${sql}`, values)).rows[0].count)
    return {
      users: await count('users u'),
      accounts: await count('accounts a'),
      ownPredicates: [
        await count(`users u WHERE ${seesUser(SCHEMA, 'u', '$1')}`, 'acme'),
        await count(`accounts a WHERE ${seesAccount(SCHEMA, 'a', '$1')}`, 'acme'),
      ],
      function: (await client.query(`SELECT user_engine.sees_user('${ID}') AS sees`)).rows[0].sees,
    }
  } finally {
    await client.query('ROLLBACK')
  }
}

test('a row of another transaction with the same number is not seen', async () => {
  expect(await seenBy('another transaction')).toEqual({
    users: 0,
    accounts: 0,
    ownPredicates: [0, 0],
    function: false,
  })
})

test('a row of the same transaction is', async () => {
  expect(await seenBy('this transaction')).toEqual({
    users: 1,
    accounts: 1,
    ownPredicates: [1, 1],
    function: true,
  })
})

test('nor can it be changed, or brought into the tenant', async () => {
  await client.query('BEGIN')
  await client.query(`SELECT set_config('user_engine.scope', 'acme', true)`)
  const { rows } = await client.query('SELECT pg_current_xact_id() AS number')
  for (const table of ['users', 'accounts'])
    await database.query(
      `UPDATE user_engine.${table} SET created_in = '${rows[0].number}', created_in_since = 'epoch'`,
    )
  expect((await client.query(`UPDATE user_engine.users SET version = 2 WHERE id = '${ID}'`)).rowCount).toBe(0)
  await expect(
    client.query(
      `INSERT INTO user_engine.tenant_accounts VALUES ('acme', '${OTHER_ID}', '${ID}', '${ID}', 'active', 1, now(), now())`,
    ),
  ).rejects.toMatchObject({ code: '42501' })
  await client.query('ROLLBACK')
})
