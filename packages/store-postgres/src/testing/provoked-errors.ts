// Every way an error reaches the store, produced by the real thing: what to do, and what has to come of it.
import { createServer } from 'node:net'
import type pg from 'pg'

export const SUBJECT_ID = '01890a5d-ac96-774b-bcce-b302099a8057'
const OTHER_ID = '01890a5d-ac96-774b-bcce-b302099a8058'
const STAMPS = '1, now(), now()'

/** What a situation may use. */
export interface Scene {
  /** The connection on which the error will arise, in a transaction of a platform scope. */
  readonly client: pg.ClientBase
  /** Runs SQL as the administrator, on another connection. */
  readonly query: (sql: string) => Promise<unknown>
  /** Another connection of the same login. */
  readonly another: () => Promise<pg.ClientBase>
  readonly pid: () => Promise<number>
}

interface Outcome {
  readonly code: string
  readonly data?: Record<string, unknown>
}

export interface StatementSituation {
  readonly what: string
  readonly at: 'statement' | 'commit'
  readonly prepare?: (scene: Scene) => Promise<unknown>
  readonly sql: string
  readonly becomes: Outcome
}

const insertUser = (id: string) =>
  `INSERT INTO user_engine.users (id, kind, status, version, created_at, updated_at) VALUES ('${id}', 'person', 'active', ${STAMPS})`
const insertIdentity = (id: string) =>
  `INSERT INTO user_engine.external_identities (id, user_id, issuer, subject, version, created_at, updated_at) VALUES ('${id}', '${SUBJECT_ID}', 'i', 's', ${STAMPS})`
const touchUser = (id: string) => `UPDATE user_engine.users SET version = version + 1 WHERE id = '${id}'`
const internal = (code: string): Outcome => ({ code: 'INTERNAL', data: { reference: `sqlstate ${code}` } })
const lost: Outcome = { code: 'UNAVAILABLE', data: { reason: 'connection-lost' } }
const unknown: Outcome = { code: 'OUTCOME_UNKNOWN', data: { idempotent: true } }
const mismatch: Outcome = { code: 'SCHEMA_MISMATCH' }

function endOf(client: pg.ClientBase): Promise<void> {
  return new Promise((ended) => client.once('end', () => ended()))
}

// Both wait until the driver has noticed: what it says while it has not is another situation.
async function terminate({ client, query, pid }: Scene): Promise<void> {
  const ended = endOf(client)
  await query(`SELECT pg_terminate_backend(${await pid()})`)
  await ended
}

async function cutSocket({ client }: Scene): Promise<void> {
  const ended = endOf(client)
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
  connection.stream.destroy()
  await ended
}

async function lockUser({ another }: Scene): Promise<void> {
  const other = await another()
  await other.query(touchUser(OTHER_ID))
}

export const STATEMENT_SITUATIONS: readonly StatementSituation[] = [
  {
    what: 'an identity that is linked already',
    at: 'statement',
    prepare: async ({ client }) => {
      await client.query(insertUser(SUBJECT_ID))
      await client.query(insertIdentity(SUBJECT_ID))
    },
    sql: insertIdentity(OTHER_ID),
    becomes: { code: 'DUPLICATE_IDENTITY', data: {} },
  },
  {
    what: 'an id that is there already',
    at: 'statement',
    prepare: ({ client }) => client.query(insertUser(SUBJECT_ID)),
    sql: insertUser(SUBJECT_ID),
    becomes: { code: 'DUPLICATE_KEY', data: { entity: 'user', key: 'id' } },
  },
  {
    what: 'an idempotency key that was used',
    at: 'statement',
    prepare: ({ client }) => client.query(`INSERT INTO user_engine.idempotency_keys VALUES ('', 'k', 'f')`),
    sql: `INSERT INTO user_engine.idempotency_keys VALUES ('', 'k', 'f')`,
    becomes: internal('23505'),
  },
  {
    what: 'a user that does not exist',
    at: 'statement',
    sql: `INSERT INTO user_engine.global_profile_values VALUES ('${SUBJECT_ID}', '${OTHER_ID.replace('8058', '8059')}', 'a', '1', '{}', ${STAMPS})`,
    becomes: { code: 'NOT_FOUND', data: { entity: 'user' } },
  },
  {
    what: 'a column without a value',
    at: 'statement',
    sql: `INSERT INTO user_engine.users (id) VALUES ('${SUBJECT_ID}')`,
    becomes: internal('23502'),
  },
  {
    what: 'a value that a check refuses',
    at: 'statement',
    sql: insertUser(SUBJECT_ID).replace('person', 'robot'),
    becomes: internal('23514'),
  },
  { what: 'text that is no UUID', at: 'statement', sql: `SELECT 'x'::uuid`, becomes: internal('22P02') },
  { what: 'a division by zero', at: 'statement', sql: 'SELECT 1 / 0', becomes: internal('22012') },
  { what: 'a syntax error', at: 'statement', sql: 'SELEC 1', becomes: internal('42601') },
  {
    what: 'own refusal: no such record',
    at: 'statement',
    sql: `SELECT user_engine.refuse_change('user', '${SUBJECT_ID}')`,
    becomes: { code: 'NOT_FOUND', data: { entity: 'user', id: SUBJECT_ID } },
  },
  {
    what: 'own refusal: another version',
    at: 'statement',
    prepare: ({ client }) => client.query(insertUser(SUBJECT_ID)),
    sql: `SELECT user_engine.refuse_change('user', '${SUBJECT_ID}')`,
    becomes: {
      code: 'VERSION_CONFLICT',
      data: { entity: 'user', id: SUBJECT_ID, expectedVersion: 3, currentVersion: 1 },
    },
  },
  {
    what: 'own refusal: no such reference',
    at: 'statement',
    sql: `SELECT user_engine.refuse_reference('account', '${OTHER_ID}')`,
    becomes: { code: 'NOT_FOUND', data: { entity: 'account', id: OTHER_ID } },
  },
  {
    what: 'own refusal: a stale lease',
    at: 'statement',
    sql: `SELECT user_engine.refuse_stale_lease(4, ARRAY['${OTHER_ID}']::uuid[])`,
    becomes: { code: 'STALE_LEASE', data: { token: 4, eventIds: [OTHER_ID] } },
  },
  {
    what: 'a transaction that must be repeated',
    at: 'statement',
    prepare: async ({ client, another }) => {
      await client.query('ROLLBACK')
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
      await client.query(`SELECT set_config('user_engine.scope', ' p', true)`)
      await client.query('SELECT count(*) FROM user_engine.users')
      const other = await another()
      await other.query(touchUser(OTHER_ID))
      await other.query('COMMIT')
    },
    sql: touchUser(OTHER_ID),
    becomes: { code: 'SERIALIZATION_CONFLICT', data: {} },
  },
  {
    what: 'a deadlock',
    at: 'statement',
    prepare: async ({ client, another, query, pid }) => {
      await client.query('SELECT pg_advisory_xact_lock(41)')
      // The other one waits first and would look for a deadlock first: it is told not to look.
      const { rows } = await client.query<{ login: string }>('SELECT quote_ident(current_user) AS login')
      await query(`ALTER ROLE ${rows[0]?.login} SET deadlock_timeout = '1h'`)
      const other = await another()
      await query(`ALTER ROLE ${rows[0]?.login} RESET deadlock_timeout`)
      await other.query('SELECT pg_advisory_xact_lock(42)')
      other.query('SELECT pg_advisory_xact_lock(41)').catch(() => {})
      await waitUntilBlockedBy(query, await pid())
    },
    sql: 'SELECT pg_advisory_xact_lock(42)',
    becomes: { code: 'SERIALIZATION_CONFLICT', data: {} },
  },
  {
    what: 'the time limit of a statement',
    at: 'statement',
    prepare: ({ client }) => client.query('SET LOCAL statement_timeout = 20'),
    sql: 'SELECT pg_sleep(30)',
    becomes: { code: 'DEADLINE_EXCEEDED', data: { timeoutMs: 5_000 } },
  },
  {
    what: 'the time limit of a lock',
    at: 'statement',
    prepare: async (scene) => {
      await lockUser(scene)
      await scene.client.query('SET LOCAL lock_timeout = 20')
    },
    sql: touchUser(OTHER_ID),
    becomes: { code: 'DEADLINE_EXCEEDED', data: { timeoutMs: 5_000 } },
  },
  {
    what: 'a statement after one that failed',
    at: 'statement',
    prepare: ({ client }) => client.query('SELECT 1 / 0').catch(() => {}),
    sql: 'SELECT 1',
    becomes: { code: 'TRANSACTION_ABORTED', data: {} },
  },
  {
    what: 'a row that row-level security refuses',
    at: 'statement',
    prepare: ({ client }) => client.query(`SELECT set_config('user_engine.scope', 'acme', true)`),
    sql: `INSERT INTO user_engine.applications VALUES ('${SUBJECT_ID}', 'k', 'n', 'active', ${STAMPS})`,
    becomes: { code: 'TENANT_BOUNDARY', data: { entity: 'user' } },
  },
  {
    what: 'a change of an audit record',
    at: 'statement',
    sql: 'TRUNCATE user_engine.audit_records',
    becomes: { code: 'TENANT_BOUNDARY', data: { entity: 'user' } },
  },
  {
    what: 'a table that is not there',
    at: 'statement',
    sql: 'SELECT * FROM user_engine.nothing',
    becomes: mismatch,
  },
  { what: 'a schema that is not there', at: 'statement', sql: 'SELECT nowhere.nothing()', becomes: mismatch },
  {
    what: 'a column that is not there',
    at: 'statement',
    sql: 'SELECT nothing FROM user_engine.users',
    becomes: mismatch,
  },
  {
    what: 'a function that is not there',
    at: 'statement',
    sql: 'SELECT user_engine.nothing()',
    becomes: mismatch,
  },
  {
    what: 'a server that takes no writes',
    at: 'statement',
    prepare: ({ client }) => client.query('SET LOCAL transaction_read_only = on'),
    sql: touchUser(OTHER_ID),
    becomes: { code: 'UNAVAILABLE', data: { reason: 'starting' } },
  },
  { what: 'a backend that was ended', at: 'statement', prepare: terminate, sql: 'SELECT 1', becomes: lost },
  { what: 'a socket that was cut', at: 'statement', prepare: cutSocket, sql: 'SELECT 1', becomes: lost },
  {
    what: 'a backend that ends while it works',
    at: 'statement',
    sql: 'SELECT pg_terminate_backend(pg_backend_pid())',
    becomes: lost,
  },
  {
    what: 'a transaction that was idle for too long',
    at: 'statement',
    prepare: async ({ client }) => {
      const ended = endOf(client)
      await client.query('SET LOCAL idle_in_transaction_session_timeout = 10')
      await ended
    },
    sql: 'SELECT 1',
    becomes: lost,
  },
  {
    what: 'a backend that ends while it works',
    at: 'commit',
    prepare: async ({ client, query }) => {
      await query(`CREATE SCHEMA IF NOT EXISTS late; GRANT USAGE ON SCHEMA late TO PUBLIC;
        CREATE TABLE IF NOT EXISTS late.last (id integer); GRANT INSERT ON late.last TO PUBLIC;
        CREATE OR REPLACE FUNCTION late.end_backend() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END';
        DROP TRIGGER IF EXISTS end_backend ON late.last;
        CREATE CONSTRAINT TRIGGER end_backend AFTER INSERT ON late.last
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late.end_backend()`)
      await client.query('INSERT INTO late.last VALUES (1)')
    },
    sql: 'COMMIT',
    becomes: unknown,
  },
  {
    what: 'a deferred constraint of others',
    at: 'commit',
    prepare: async ({ client, query }) => {
      await query(`CREATE SCHEMA IF NOT EXISTS late; GRANT USAGE ON SCHEMA late TO PUBLIC;
        CREATE TABLE IF NOT EXISTS late.late (id integer UNIQUE DEFERRABLE INITIALLY DEFERRED);
        GRANT INSERT ON late.late TO PUBLIC`)
      await client.query('INSERT INTO late.late VALUES (1), (1)')
    },
    sql: 'COMMIT',
    becomes: internal('23505'),
  },
  {
    what: 'a transaction that must be repeated',
    at: 'commit',
    prepare: async ({ client, another }) => {
      const other = await another()
      for (const one of [client, other]) {
        await one.query('ROLLBACK')
        await one.query('BEGIN ISOLATION LEVEL SERIALIZABLE')
        await one.query(`SELECT set_config('user_engine.scope', ' p', true)`)
        await one.query('SELECT count(*) FROM user_engine.users')
      }
      await client.query(insertUser(SUBJECT_ID))
      await other.query(insertUser(SUBJECT_ID.replace('8057', '8060')))
      await other.query('COMMIT')
    },
    sql: 'COMMIT',
    becomes: { code: 'SERIALIZATION_CONFLICT', data: {} },
  },
  { what: 'a backend that was ended', at: 'commit', prepare: terminate, sql: 'COMMIT', becomes: unknown },
  { what: 'a socket that was cut', at: 'commit', prepare: cutSocket, sql: 'COMMIT', becomes: unknown },
]

async function waitUntilBlockedBy(query: Scene['query'], pid: number): Promise<void> {
  for (;;) {
    const { rows } = (await query(
      `SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE ${pid} = ANY (pg_blocking_pids(pid))) AS blocked`,
    )) as { rows: { blocked: boolean }[] }
    if (rows[0]?.blocked === true) return
  }
}

export interface ConnectSituation {
  readonly what: string
  /** Changes what is dialled; gives what has to be undone. */
  readonly prepare: (scene: {
    readonly config: pg.ClientConfig
    readonly query: Scene['query']
  }) => Promise<{ readonly config: pg.ClientConfig; readonly undo?: () => Promise<unknown> }>
  readonly becomes: Outcome
}

const notConnected = (reason: string): Outcome => ({ code: 'UNAVAILABLE', data: { reason } })

async function withSocket(
  config: pg.ClientConfig,
  isSilent: boolean,
): Promise<{ config: pg.ClientConfig; undo: () => Promise<unknown> }> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    if (!isSilent) socket.destroy()
  }).listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  const { port } = server.address() as { port: number }
  return {
    config: { ...config, host: '127.0.0.1', port },
    undo: async () => server.close(),
  }
}

export const CONNECT_SITUATIONS: readonly ConnectSituation[] = [
  {
    what: 'an address where nothing listens',
    prepare: async ({ config }) => ({ config: { ...config, host: '127.0.0.1', port: 1 } }),
    becomes: notConnected('unreachable'),
  },
  {
    what: 'an address that never answers',
    prepare: async ({ config }) => await withSocket({ ...config, connectionTimeoutMillis: 50 }, true),
    becomes: notConnected('unreachable'),
  },
  {
    what: 'an address that hangs up',
    prepare: async ({ config }) => await withSocket(config, false),
    becomes: notConnected('unreachable'),
  },
  {
    what: 'a wrong password',
    prepare: async ({ config }) => ({ config: { ...config, password: 'wrong' } }),
    becomes: notConnected('refused'),
  },
  {
    what: 'a database that is not there',
    prepare: async ({ config }) => ({ config: { ...config, database: 'nowhere' } }),
    becomes: notConnected('refused'),
  },
  {
    what: 'no connection left',
    prepare: async ({ config, query }) => {
      await query(`ALTER ROLE "${config.user}" CONNECTION LIMIT 0`)
      return { config, undo: () => query(`ALTER ROLE "${config.user}" CONNECTION LIMIT -1`) }
    },
    becomes: notConnected('overloaded'),
  },
  {
    what: 'a login that may not log in',
    prepare: async ({ config, query }) => {
      await query(`ALTER ROLE "${config.user}" NOLOGIN`)
      return { config, undo: () => query(`ALTER ROLE "${config.user}" LOGIN`) }
    },
    becomes: notConnected('refused'),
  },
  {
    what: 'a database that takes no connections',
    prepare: async ({ config }) => ({ config: { ...config, database: 'template0' } }),
    becomes: notConnected('starting'),
  },
  {
    what: 'TLS that the server does not offer',
    prepare: async ({ config }) => ({ config: { ...config, ssl: { rejectUnauthorized: true } } }),
    becomes: notConnected('unreachable'),
  },
]
