// Every path of the contract between pg's Client and its queries that the batch relies on, on a real server.
import type { LocalDatabase } from '@user-engine/provider-local'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase } from '../testing/test-database.ts'
import { BatchError, createBatch } from './batch.ts'
import { defineStatement, type StatementCall, type StatementResult } from './statement.ts'

let database: LocalDatabase & { drop(): Promise<void> }
let client: pg.Client

const call = (text: string, ...values: (string | null)[]): StatementCall => ({
  statement: defineStatement(text),
  values,
})

async function connect(): Promise<pg.Client> {
  const { host, port, user, password, database: name } = await database.capability.lease('migration')
  const connected = new pg.Client({ host, port, user, password, database: name })
  connected.on('error', () => {})
  await connected.connect()
  return connected
}

function execute(
  calls: readonly StatementCall[],
  options = { named: true },
  on = client,
): Promise<readonly StatementResult[]> {
  const { query, done } = createBatch(calls, options)
  on.query(query)
  return done
}

beforeAll(async () => {
  database = await createTestDatabase()
  client = await connect()
  await client.query('SET ROLE user_engine_owner')
  await client.query('CREATE TABLE user_engine.batch_test (id integer PRIMARY KEY, note text)')
})

afterAll(async () => {
  await client.end()
  await database.drop()
})

test.each([true, false])('results come in order with rows, nulls and tags (named: %s)', async (named) => {
  const results = await execute(
    [
      call('BEGIN'),
      call('INSERT INTO user_engine.batch_test VALUES ($1::integer, $2)', '1', null),
      call('SELECT id, note FROM user_engine.batch_test WHERE id = $1', '1'),
      call('SELECT 1 WHERE false'),
      call('ROLLBACK'),
    ],
    { named },
  )
  expect(results).toEqual([
    { rows: [], tag: 'BEGIN' },
    { rows: [], tag: 'INSERT 0 1' },
    { rows: [['1', null]], tag: 'SELECT 1' },
    { rows: [], tag: 'SELECT 0' },
    { rows: [], tag: 'ROLLBACK' },
  ])
})

test('after an error nothing that follows is executed, COMMIT included', async () => {
  const insert = 'INSERT INTO user_engine.batch_test VALUES ($1::integer, $2)'
  const failing = execute([
    call('BEGIN'),
    call(insert, '2', 'kept?'),
    call('SELECT 1 / 0'),
    call(insert, '3', 'kept?'),
    call('COMMIT'),
  ])
  const error = await failing.then(null, (thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BatchError)
  expect(error).toMatchObject({ index: 2, sent: true, cause: { code: '22012' } })
  expect((error as BatchError).results.map(({ tag }) => tag)).toEqual(['BEGIN', 'INSERT 0 1'])
  // COMMIT was skipped: the transaction is still there, failed.
  await expect(execute([call('SELECT 1')])).rejects.toMatchObject({ cause: { code: '25P02' } })
  expect((await execute([call('ROLLBACK')]))[0]?.tag).toBe('ROLLBACK')
  expect((await execute([call('SELECT count(*) FROM user_engine.batch_test')]))[0]?.rows).toEqual([['0']])
})

test('the COMMIT of a failed transaction answers ROLLBACK', async () => {
  await execute([call('BEGIN')])
  await execute([call('SELECT 1 / 0')]).catch(() => {})
  expect((await execute([call('COMMIT')]))[0]?.tag).toBe('ROLLBACK')
})

test('statements behind a failed one are prepared again when they are needed', async () => {
  const fresh = `SELECT 'never prepared before ' || $1::text`
  await execute([call('SELECT 1 / 0'), call(fresh, 'a')]).catch(() => {})
  expect((await execute([call(fresh, 'b')]))[0]?.rows).toEqual([['never prepared before b']])
  expect((await execute([call(fresh, 'c'), call(fresh, 'd')])).map(({ rows }) => rows[0]?.[0])).toEqual([
    'never prepared before c',
    'never prepared before d',
  ])
})

test('a statement whose execution fails stays prepared, one whose parse fails does not', async () => {
  const divide = 'SELECT 1 / $1::integer'
  await expect(execute([call(divide, '0')])).rejects.toMatchObject({ index: 0, cause: { code: '22012' } })
  expect((await execute([call(divide, '1')]))[0]?.rows).toEqual([['1']])
  const missing = 'SELECT * FROM user_engine.created_later'
  await expect(execute([call(missing)])).rejects.toMatchObject({ index: 0, cause: { code: '42P01' } })
  await client.query('CREATE TABLE user_engine.created_later (id integer)')
  expect((await execute([call(missing)]))[0]?.tag).toBe('SELECT 0')
})

test('a constraint that is deferred fails at the COMMIT', async () => {
  await client.query(
    'CREATE TABLE user_engine.deferred_test (id integer UNIQUE DEFERRABLE INITIALLY DEFERRED)',
  )
  const insert = call('INSERT INTO user_engine.deferred_test VALUES (1)')
  await expect(execute([call('BEGIN'), insert, insert, call('COMMIT')])).rejects.toMatchObject({
    index: 3,
    cause: { code: '23505' },
  })
  expect((await execute([call('SELECT count(*) FROM user_engine.deferred_test')]))[0]?.rows).toEqual([['0']])
})

test('batches and ordinary queries take turns on one connection', async () => {
  const [batch, query, other] = await Promise.all([
    execute([call('SELECT 1')]),
    client.query('SELECT 2 AS two'),
    execute([call('SELECT 3')]),
  ])
  expect([batch[0]?.rows, query.rows, other[0]?.rows]).toEqual([[['1']], [{ two: 2 }], [['3']]])
})

test('a connection that ends fails the batch under way without an index, and later ones unsent', async () => {
  const doomed = await connect()
  const { rows } = await doomed.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const sleeping = execute([call('SELECT pg_sleep(60)')], { named: true }, doomed)
  const failed = expect(sleeping).rejects.toMatchObject({ sent: true })
  const ended = new Promise<void>((resolve) => doomed.once('end', resolve))
  await database.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
  await failed
  await ended
  await expect(execute([call('SELECT 1')], { named: true }, doomed)).rejects.toMatchObject({
    index: null,
    sent: false,
  })
})
