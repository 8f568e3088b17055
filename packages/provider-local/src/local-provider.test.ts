// On a real embedded server of its own: nothing here is mocked, and every fault is a real one.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { processTree } from './backends/processes.ts'
import type { ConnectionLease } from './capability.ts'
import { createLocalProvider } from './create-local-provider.ts'
import type { LocalProvider } from './local-provider.ts'

const folder = mkdtempSync(join(tmpdir(), 'provider-test-'))
chmodSync(folder, 0o755)
let provider: LocalProvider

beforeAll(async () => {
  provider = await createLocalProvider({ backend: 'embedded', dataDir: join(folder, 'main') })
}, 60_000)

afterAll(async () => {
  await provider.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function connect(lease: ConnectionLease): Promise<pg.Client> {
  const { host, port, database, user, password } = lease
  const client = new pg.Client({ host, port, database, user, password })
  client.on('error', () => {})
  await client.connect()
  return client
}

async function withLogin<Result>(
  lease: ConnectionLease,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await connect(lease)
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

describe('provisioning', () => {
  test('is repeatable and hands over three logins with three sets of rights [CAP-01, CAP-02]', async () => {
    await provider.provisionDatabase({ name: 'roles' })
    const { capability } = await provider.provisionDatabase({ name: 'roles' })
    const facts = async (role: 'runtime' | 'relay' | 'migration') =>
      await withLogin(await capability.lease(role), async (client) => {
        const { rows } = await client.query(`
          SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole,
            has_schema_privilege(current_user, 'user_engine', 'CREATE') AS creates,
            has_schema_privilege(current_user, 'public', 'CREATE') AS creates_in_public,
            has_database_privilege(current_user, current_database(), 'TEMP') AS temp
          FROM pg_roles WHERE rolname = current_user`)
        return rows[0]
      })
    const harmless = { rolsuper: false, rolbypassrls: false, rolcreatedb: false, rolcreaterole: false }
    const limited = { ...harmless, creates: false, creates_in_public: false, temp: false }
    expect(await facts('runtime')).toEqual(limited)
    expect(await facts('relay')).toEqual(limited)
    expect(await facts('migration')).toEqual({ ...limited, creates: true })
    const users = await Promise.all(
      (['runtime', 'relay', 'migration'] as const).map((role) => capability.lease(role)),
    )
    expect(new Set(users.map(({ user }) => user)).size).toBe(3)
  })

  test('keeps the databases of one server apart', async () => {
    const one = await provider.provisionDatabase({ name: 'apart_one' })
    await provider.provisionDatabase({ name: 'apart_two' })
    const lease = await one.capability.lease('runtime')
    await expect(connect({ ...lease, database: 'apart_two' })).rejects.toMatchObject({ code: '42501' })
    await expect(connect({ ...lease, database: 'postgres' })).resolves.toBeInstanceOf(pg.Client)
  })

  test('copies a template and drops a database that is in use', async () => {
    const template = await provider.provisionDatabase({ name: 'the_template' })
    await template.query('CREATE TABLE user_engine.marker AS SELECT 7 AS value')
    const copy = await provider.provisionDatabase({ name: 'the_copy', template: 'the_template' })
    const { rows } = await copy.query('SELECT value FROM user_engine.marker')
    expect(rows).toEqual([{ value: 7 }])
    const client = await connect(await copy.capability.lease('runtime'))
    await provider.dropDatabase('the_copy')
    await expect(client.query('SELECT 1')).rejects.toThrow()
    const { rows: left } = await template.query(`SELECT datname FROM pg_database WHERE datname = 'the_copy'`)
    expect(left).toEqual([])
  })

  test('rotates credentials: new logins at once, old ones until the drain window ends', async () => {
    const database = await provider.provisionDatabase({ name: 'rotating' })
    const before = await database.capability.lease('runtime')
    const running = await connect(before)
    await database.rotateCredentials({ drainMs: 400 })
    const after = await database.capability.lease('runtime')
    expect(after.user).not.toBe(before.user)
    await withLogin(after, async (client) => await client.query('SELECT 1'))
    await running.query('SELECT 1')
    await new Promise<void>((resolve) => running.once('end', resolve))
    // No login any more, or no role any more: refused either way.
    await expect(connect(before)).rejects.toMatchObject({ code: expect.stringMatching(/^28/) })
  })
})

describe('faults', () => {
  test('a killed server has lost its processes and keeps what was acknowledged', async () => {
    const database = await provider.provisionDatabase({ name: 'crashing' })
    await database.query('CREATE TABLE user_engine.kept AS SELECT 1 AS value')
    const client = await connect(await database.capability.lease('runtime'))
    const broken = expect(client.query('SELECT pg_sleep(60)')).rejects.toThrow()
    await provider.faults.kill()
    await broken
    await provider.faults.start()
    const { rows } = await database.query('SELECT value FROM user_engine.kept')
    expect(rows).toEqual([{ value: 1 }])
  })

  test('a paused server answers nothing, and everything once it goes on', async () => {
    const database = await provider.provisionDatabase({ name: 'pausing' })
    const client = await connect(await database.capability.lease('runtime'))
    await provider.faults.pause()
    let answered = false
    const answer = client.query('SELECT 1').finally(() => {
      answered = true
    })
    const fresh = connect(await database.capability.lease('runtime')).finally(() => {
      answered = true
    })
    // Nothing can be waited for that must not happen; a paused process does not run however long this is.
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(answered).toBe(false)
    await provider.faults.resume()
    await answer
    await (await fresh).end()
    await client.end()
  })
})

describe('one data folder', () => {
  test('is served by one server: a second process uses it and leaves it running', async () => {
    const second = await createLocalProvider({ backend: 'embedded', dataDir: join(folder, 'main') })
    expect(second.backend.reused).toBe(true)
    expect(second.serverHandle.admin.port).toBe(provider.serverHandle.admin.port)
    await second.stop()
    const database = await provider.provisionDatabase({ name: 'still_here' })
    expect((await database.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })

  test('survives kill -9 of its owner: the next one finds server or data', async () => {
    const dataDir = join(folder, 'orphaned')
    const script = `
      import { createLocalProvider } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
      const provider = await createLocalProvider({ backend: 'embedded', dataDir: ${JSON.stringify(dataDir)} })
      const database = await provider.provisionDatabase({ name: 'kept' })
      await database.query('CREATE TABLE user_engine.kept AS SELECT 1 AS value')
      process.stdout.write('ready ' + provider.serverHandle.admin.port + '\\n')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    expect(String(line)).toMatch(/^ready \d+/)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const heir = await createLocalProvider({ backend: 'embedded', dataDir })
    expect(heir.backend.reused).toBe(true)
    const database = await heir.provisionDatabase({ name: 'kept' })
    expect((await database.query('SELECT value FROM user_engine.kept')).rows).toEqual([{ value: 1 }])
    await heir.faults.kill()
    const next = await createLocalProvider({ backend: 'embedded', dataDir })
    expect(next.backend.reused).toBe(false)
    const again = await next.provisionDatabase({ name: 'kept' })
    expect((await again.query('SELECT value FROM user_engine.kept')).rows).toEqual([{ value: 1 }])
    await next.stop()
  }, 60_000)

  test('two that start at once share one server', async () => {
    const dataDir = join(folder, 'contended')
    const [one, two] = await Promise.all(
      [1, 2].map(() => createLocalProvider({ backend: 'embedded', dataDir })),
    )
    expect([one?.backend.reused, two?.backend.reused].sort()).toEqual([false, true])
    await one?.stop()
    await two?.stop()
  }, 60_000)
})

describe('what cannot be done is said in one sentence', () => {
  test('a port in use', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await once(blocker, 'listening')
    const address = blocker.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await expect(createLocalProvider({ backend: 'embedded', port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: `Port ${port} on 127.0.0.1 is in use: choose another one.`,
    })
    blocker.close()
  })

  test('a folder that is a file', async () => {
    await expect(createLocalProvider({ backend: 'embedded', dataDir: '/dev/null' })).rejects.toMatchObject({
      code: 'FOLDER_NOT_WRITABLE',
    })
  })

  test.runIf(process.getuid?.() === 0)('as root: a folder that the server account cannot enter', async () => {
    const closed = join(folder, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    await expect(
      createLocalProvider({ backend: 'embedded', dataDir: join(closed, 'data') }),
    ).rejects.toMatchObject({
      code: 'FOLDER_NOT_WRITABLE',
      message: expect.stringContaining('does not run as root'),
    })
  })

  test('another major than the embedded one', async () => {
    await expect(createLocalProvider({ backend: 'embedded', major: 9 })).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
    })
  })

  test('faults of a given server, and a URL that is none', async () => {
    const { admin } = provider.serverHandle
    const databaseUrl = `postgres://${admin.user}:${admin.password}@${admin.host}:${admin.port}/postgres`
    const given = await createLocalProvider({ databaseUrl })
    expect(given.backend.kind).toBe('url')
    expect(given.backend.description).not.toContain(admin.password)
    await expect(given.faults.kill()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
    await expect(createLocalProvider({ databaseUrl: 'mysql://x' })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
    await expect(
      createLocalProvider({ databaseUrl: databaseUrl.replace(admin.password, 'wrong') }),
    ).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.not.stringContaining('wrong'),
    })
  })
})

test('a stopped provider leaves no process and no temporary folder', async () => {
  const temporary = await createLocalProvider({ backend: 'embedded' })
  const database = await temporary.provisionDatabase()
  const { rows } = await database.query(
    `SELECT current_setting('data_directory') AS folder, pg_backend_pid() AS pid`,
  )
  const dataDirectory = String(rows[0]?.['folder'])
  const listing = () => spawnSync('ls', [dataDirectory]).status
  expect(listing()).toBe(0)
  expect(processTree(process.pid).length).toBeGreaterThan(1)
  await temporary.stop()
  expect(listing()).not.toBe(0)
}, 60_000)
