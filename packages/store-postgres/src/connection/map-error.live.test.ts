// What is recorded about errors is what the real thing does: each is produced on a real server, compared with the record, and
// translated. `RECORD_ERRORS=1` writes the record again.
import { writeFileSync } from 'node:fs'
import type { LocalDatabase } from '@user-engine/provider-local'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPrismaRunner, type PrismaRunner } from '../prisma-runner.ts'
import { parseSchemaName } from '../sql/schema-name.ts'
import { type ErrorRecord, RECORD_FILE, readRecords, shapeOf } from '../testing/error-record.ts'
import { CONNECT_SITUATIONS, STATEMENT_SITUATIONS, SUBJECT_ID } from '../testing/provoked-errors.ts'
import { createTestDatabase } from '../testing/test-database.ts'
import { clientConfig } from './client-config.ts'
import { createConnection } from './connection.ts'
import { mapConnectError, mapError } from './map-error.ts'
import { defineStatement } from './statement.ts'

const isRecording = process.env['RECORD_ERRORS'] === '1'
const recorded = isRecording ? [] : readRecords()
const seen: ErrorRecord[] = []
let database: LocalDatabase & { drop(): Promise<void> }
let config: pg.ClientConfig
let prisma: PrismaRunner

beforeAll(async () => {
  database = await createTestDatabase()
  config = clientConfig(await database.capability.lease('runtime'))
  prisma = createPrismaRunner({ schema: parseSchemaName('user_engine'), namedStatements: false })
  await database.query(
    `INSERT INTO user_engine.users (id, kind, status, version, created_at, updated_at)
     VALUES ('01890a5d-ac96-774b-bcce-b302099a8058', 'person', 'active', 1, now(), now())`,
  )
})

afterAll(async () => {
  await prisma.close()
  await database.drop()
  if (isRecording) writeFileSync(RECORD_FILE, `${JSON.stringify(seen, null, 2)}\n`)
})

function compare(record: ErrorRecord): void {
  seen.push(record)
  if (isRecording) return
  const { what, at, via } = record
  expect(recorded.find((one) => one.what === what && one.at === at && one.via === via)).toEqual(record)
}

const sent = STATEMENT_SITUATIONS.flatMap((situation) =>
  // A transaction is never ended through Prisma.
  (situation.at === 'commit' ? (['query', 'batch'] as const) : (['query', 'batch', 'prisma'] as const)).map(
    (via) => ({ ...situation, via }),
  ),
)

test.each(sent)('$what, at the $at, via $via', async ({ what, at, via, prepare, sql, becomes }) => {
  // Rows that a situation commits do not meet the next one.
  await database.query(`DELETE FROM user_engine.users WHERE id <> '01890a5d-ac96-774b-bcce-b302099a8058'`)
  const pool = new pg.Pool({ ...config, max: 4 })
  pool.on('error', () => {})
  const clients: pg.PoolClient[] = []
  const open = async () => {
    const client = await pool.connect()
    client.on('error', () => {})
    clients.push(client)
    await client.query('BEGIN')
    await client.query(`SELECT set_config('user_engine.scope', ' p', true)`)
    return client
  }
  try {
    const client = await open()
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    await prepare?.({
      client,
      query: (text) => database.query(text),
      another: open,
      pid: async () => rows[0]?.pid ?? 0,
    })
    const connection = createConnection({ client, named: false, commitsAtSync: false, release: () => {} })
    const sending = {
      query: () => client.query(sql),
      batch: () => connection.execute([{ statement: defineStatement(sql), values: [] }]),
      prisma: () => prisma.run(connection, (models) => models.$executeRawUnsafe(sql)),
    }
    const thrown: unknown = await Promise.resolve(sending[via]()).then(
      () => 'nothing',
      (error: unknown) => error,
    )
    compare({ what, at, via, shape: shapeOf(thrown), becomes })
    const error = mapError(thrown, {
      committing: at === 'commit',
      idempotent: true,
      timeoutMs: 5_000,
      subject: { entity: 'user', id: SUBJECT_ID, expectedVersion: 3 },
    })
    expect(error).toMatchObject(becomes)
  } finally {
    for (const client of clients) client.release(true)
    await pool.end()
  }
})

test.each(CONNECT_SITUATIONS)('$what, while connecting', async ({ what, prepare, becomes }) => {
  const dialled = await prepare({ config, query: (text) => database.query(text) })
  const client = new pg.Client(dialled.config)
  client.on('error', () => {})
  try {
    const thrown = await client.connect().then(
      () => 'nothing',
      (error: unknown) => error,
    )
    compare({ what, at: 'connect', via: 'connect', shape: shapeOf(thrown), becomes })
    expect(mapConnectError(thrown)).toMatchObject(becomes)
  } finally {
    await client.end().catch(() => {})
    await dialled.undo?.()
  }
})

test('nothing is recorded that nobody produces', () => {
  const nameOf = ({ what, at, via }: ErrorRecord) => `${what} ${at} ${via}`
  expect(seen.map(nameOf).sort()).toEqual((isRecording ? seen : recorded).map(nameOf).sort())
})
