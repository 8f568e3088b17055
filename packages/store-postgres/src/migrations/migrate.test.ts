// Migrations on a real server: from many processes, cut off, refused, and beside a service that works.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { attachLocalProvider, type LocalDatabase } from '@user-engine/provider-local'
import pg from 'pg'
import { afterAll, afterEach, expect, inject, test } from 'vitest'
import { handOverOf } from '../conformance/handed-over.ts'
import type { MigrationTask } from '../testing/migration-process.ts'
import { applyMigrations, judgeMigrations, migrate, migrationStatus } from './migrate.ts'
import { loadMigrations, type Migration, OUTSIDE_TRANSACTION, parseMigration } from './migration-files.ts'

const provider = await attachLocalProvider(inject('postgresServer'))
const KNOWN = loadMigrations()
const databases: LocalDatabase[] = []
const clients: pg.Client[] = []

async function emptyDatabase(): Promise<LocalDatabase> {
  const name = `ue_migrate_${process.pid}_${databases.length + 1}`
  const database = await provider.provisionDatabase({ name })
  databases.push(database)
  return database
}

async function connect(database: LocalDatabase, role: 'runtime' | 'migration'): Promise<pg.Client> {
  const { host, port, user, password } = await database.capability.lease(role)
  const client = new pg.Client({ host, port, user, password, database: database.name })
  client.on('error', () => {})
  await client.connect()
  clients.push(client)
  return client
}

afterEach(async () => {
  for (const client of clients.splice(0)) await client.end()
})

afterAll(async () => {
  for (const { name } of databases) await provider.dropDatabase(name)
  await provider.stop()
})

async function startMigrator(): Promise<ChildProcess> {
  const child = fork(new URL('../testing/migration-process.ts', import.meta.url), {
    execArgv: ['--disable-warning=ExperimentalWarning', '--conditions=@user-engine/source'],
  })
  await once(child, 'message')
  return child
}

/** Waits until the server says so. */
async function until(database: LocalDatabase, condition: string): Promise<void> {
  for (;;) {
    const { rows } = await database.query(`SELECT ${condition} AS met`)
    if (rows[0]?.met === true) return
  }
}

/** That the migrator of this database waits for a lock, or for a transaction. */
const isWaiting = `EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
  AND application_name = 'user-engine migrate' AND wait_event_type = 'Lock')`

test('of eight processes that start at once, each migration is applied by one', async () => {
  const database = await emptyDatabase()
  const task: MigrationTask = { handOver: await handOverOf(database.capability) }
  const migrators = await Promise.all(Array.from({ length: 8 }, startMigrator))
  const reports = await Promise.all(
    migrators.map(async (migrator) => {
      const answer = once(migrator, 'message')
      migrator.send(task)
      return (await answer)[0] as readonly string[]
    }),
  )
  expect(reports.flat().sort()).toEqual(KNOWN.map(({ name }) => name))
  expect(await migrationStatus({ capability: database.capability })).toMatchObject({ state: 'current' })
  const { rows } = await database.query(
    'SELECT count(*)::integer AS count FROM user_engine._prisma_migrations',
  )
  expect(rows).toEqual([{ count: KNOWN.length }])
})

const addNickname = parseMigration(
  '29990101000000_nickname',
  'CREATE TABLE half_made (id integer); ALTER TABLE users ADD nickname text;',
)
const indexNickname = parseMigration(
  '29990102000000_nickname_index',
  `${OUTSIDE_TRANSACTION}
-- Each statement bears to be begun again.
DROP INDEX CONCURRENTLY IF EXISTS users_nickname_idx;
CREATE INDEX CONCURRENTLY users_nickname_idx ON users (kind, id);
`,
)

/** Starts a migrator that has to wait for an open transaction on `users`, kills it there, and lets the transaction end. */
async function killHalfWay(database: LocalDatabase, known: readonly Migration[], sql: string): Promise<void> {
  const blocker = await connect(database, 'runtime')
  await blocker.query('BEGIN')
  await blocker.query(sql)
  const migrator = await startMigrator()
  migrator.send({ handOver: await handOverOf(database.capability), known } satisfies MigrationTask)
  await until(database, isWaiting)
  migrator.kill('SIGKILL')
  await once(migrator, 'exit')
  await database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'user-engine migrate'`,
  )
  await blocker.query('ROLLBACK')
  await until(
    database,
    `NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'user-engine migrate')`,
  )
}

test('a migration that is killed half-way leaves nothing, is reported as pending, and is applied by the next run', async () => {
  const database = await emptyDatabase()
  const { capability } = database
  await migrate({ capability })
  const known = [...KNOWN, addNickname]
  await killHalfWay(database, known, 'SELECT count(*) FROM user_engine.users')
  expect(await judgeMigrations({ capability }, known)).toMatchObject({
    code: 'behind',
    migrations: [addNickname.name],
  })
  const { rows } = await database.query(`SELECT to_regclass('user_engine.half_made') AS half_made`)
  expect(rows).toEqual([{ half_made: null }])
  expect(await applyMigrations({ capability }, known)).toMatchObject({ applied: [addNickname.name] })
})

test('one outside of a transaction that is killed half-way is reported as unfinished, and begun again by the next run', async () => {
  const database = await emptyDatabase()
  const { capability } = database
  await migrate({ capability })
  const known = [...KNOWN, indexNickname]
  await killHalfWay(database, known, 'LOCK TABLE user_engine.users IN ROW EXCLUSIVE MODE')
  expect(await judgeMigrations({ capability }, known)).toMatchObject({
    state: 'dirty',
    code: 'unfinished',
    migrations: [indexNickname.name],
  })
  const isValid = `SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('user_engine.users_nickname_idx')`
  expect((await database.query(isValid)).rows).toEqual([{ indisvalid: false }])
  expect(await applyMigrations({ capability }, known)).toMatchObject({
    applied: [indexNickname.name],
    schemaVersion: { state: 'current' },
  })
  expect((await database.query(isValid)).rows).toEqual([{ indisvalid: true }])
})

test('one outside of a transaction is refused through a pooler that would spread its session', async () => {
  const { capability } = await emptyDatabase()
  await migrate({ capability })
  const pooled = {
    ...capability,
    describe: async () => ({
      ...(await capability.describe()),
      pooler: { mode: 'transaction' as const, preparedStatements: true },
    }),
  }
  await expect(applyMigrations({ capability: pooled }, [...KNOWN, indexNickname])).rejects.toMatchObject({
    code: 'NOT_SUPPORTED',
  })
  expect(await judgeMigrations({ capability }, [...KNOWN, indexNickname])).toMatchObject({ code: 'behind' })
})

test('two that migrate outside of a transaction at once do not wait for each other for ever', async () => {
  const { capability } = await emptyDatabase()
  const known = [...KNOWN, indexNickname]
  const reports = await Promise.all([1, 2, 3].map(() => applyMigrations({ capability }, known)))
  expect(reports.flatMap(({ applied }) => applied).sort()).toEqual(known.map(({ name }) => name))
})

const LEDGER = 'user_engine._prisma_migrations'

test.each([
  ['edited', `UPDATE ${LEDGER} SET checksum = 'x' WHERE migration_name = '${KNOWN[0]?.name}'`],
  ['missing', `DELETE FROM ${LEDGER} WHERE migration_name = '${KNOWN[1]?.name}'`],
  [
    'missing',
    `INSERT INTO ${LEDGER} (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '20200101000000_theirs', now())`,
  ],
  ['unfinished', `UPDATE ${LEDGER} SET finished_at = NULL WHERE migration_name = '${KNOWN[2]?.name}'`],
  ['foreign-tables', `DROP TABLE ${LEDGER}`],
])('a history that is %s is refused, and nothing runs: %s', async (code, damage) => {
  const database = await emptyDatabase()
  const { capability } = database
  await migrate({ capability })
  await database.query(damage)
  const known = [...KNOWN, addNickname]
  expect(await judgeMigrations({ capability }, known)).toMatchObject({ code })
  await expect(applyMigrations({ capability }, known)).rejects.toMatchObject({
    code: 'SCHEMA_MISMATCH',
    message: expect.stringContaining(code),
  })
  const { rows } = await database.query(`SELECT to_regclass('user_engine.half_made') AS half_made`)
  expect(rows).toEqual([{ half_made: null }])
})

test('objects of others are not touched, of the same names neither', async () => {
  const database = await emptyDatabase()
  await database.query(`
    CREATE SCHEMA theirs;
    CREATE TABLE theirs.users (id integer PRIMARY KEY); INSERT INTO theirs.users VALUES (1);
    CREATE TABLE public.users (id integer PRIMARY KEY); GRANT SELECT ON public.users TO PUBLIC;
    CREATE FUNCTION public.scope_key() RETURNS text LANGUAGE sql AS $$ SELECT 'theirs' $$;`)
  const others = `
    SELECT json_agg(o ORDER BY o::text) AS objects FROM (
      SELECT 'relation' AS kind, c.oid, c.relname AS name, c.relacl::text AS acl, c.relrowsecurity::text AS rest, c.relowner AS owner
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname NOT IN ('user_engine', 'pg_toast')
      UNION ALL
      SELECT 'function', p.oid, p.proname, p.proacl::text, p.prosrc, p.proowner
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname <> 'user_engine'
      UNION ALL SELECT 'schema', n.oid, n.nspname, n.nspacl::text, '', n.nspowner FROM pg_namespace n WHERE n.nspname <> 'user_engine'
      UNION ALL SELECT 'role', r.oid, r.rolname, r.rolconfig::text, r.rolsuper::text, 0 FROM pg_roles r
        WHERE pg_has_role(r.oid, (SELECT nspowner FROM pg_namespace WHERE nspname = 'user_engine'), 'MEMBER')
          -- Logins of other databases of the server come and go.
          AND (NOT r.rolcanlogin OR has_database_privilege(r.oid, current_database(), 'CONNECT'))
      UNION ALL SELECT 'database', d.oid, d.datname, d.datacl::text, '', d.datdba FROM pg_database d WHERE d.datname = current_database()
    ) o`
  const before = (await database.query(others)).rows
  await migrate({ capability: database.capability })
  expect((await database.query(others)).rows).toEqual(before)
  expect((await database.query('SELECT * FROM theirs.users')).rows).toEqual([{ id: 1 }])
})

test('whoever migrates another schema of the same database is not waited for', async () => {
  const { name, capability } = await emptyDatabase()
  const other = await provider.provisionDatabase({ name, schema: 'theirs_too' })
  const holder = await connect(other, 'migration')
  await holder.query('BEGIN')
  await holder.query(`SELECT pg_advisory_xact_lock(hashtextextended('user-engine:theirs_too', 0))`)
  const both = await Promise.all([
    migrate({ capability, statementTimeoutMs: 20_000 }),
    expect(migrate({ capability: other.capability, statementTimeoutMs: 200 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    }),
  ])
  expect(both[0].applied).toHaveLength(KNOWN.length)
  await holder.query('ROLLBACK')
  expect((await migrate({ capability: other.capability })).applied).toHaveLength(KNOWN.length)
})

test('a migration that waits for a lock lets the service work meanwhile', async () => {
  const database = await emptyDatabase()
  const { capability } = database
  await migrate({ capability })
  const [longReader, service] = [await connect(database, 'runtime'), await connect(database, 'runtime')]
  await longReader.query('BEGIN')
  await longReader.query('SELECT count(*) FROM user_engine.users')
  const migrating = applyMigrations({ capability, lockTimeoutMs: 100 }, [...KNOWN, addNickname])
  await service.query('SET statement_timeout = 5000')
  for (let round = 0; round < 3; round += 1) {
    await until(database, isWaiting)
    // Behind the lock that the migration asked for, until it steps aside.
    await service.query('SELECT count(*) FROM user_engine.users')
  }
  await longReader.query('COMMIT')
  expect(await migrating).toMatchObject({ applied: [addNickname.name] })
})

test('a migration gives up when its patience ends, and leaves nothing', async () => {
  const database = await emptyDatabase()
  const { capability } = database
  await migrate({ capability })
  const reader = await connect(database, 'runtime')
  await reader.query('BEGIN')
  await reader.query('SELECT count(*) FROM user_engine.users')
  const known = [...KNOWN, addNickname]
  await expect(
    applyMigrations({ capability, lockTimeoutMs: 50, patienceMs: 200 }, known),
  ).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  })
  expect(await judgeMigrations({ capability }, known)).toMatchObject({ code: 'behind' })
})

test('a statement that runs for too long is cut off', async () => {
  const { capability } = await emptyDatabase()
  const slow = parseMigration('29990101000000_slow', 'SELECT pg_sleep(60);')
  await expect(applyMigrations({ capability, statementTimeoutMs: 200 }, [slow])).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  })
})
