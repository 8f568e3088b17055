// On the server of the test run, which may be a given one: nothing here is mocked.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LeaseRole } from './capability.ts'
import { createLocalProvider } from './create-local-provider.ts'
import type { LocalDatabase } from './local-database.ts'
import type { LocalProvider } from './local-provider.ts'
import { connectWith, queryWith } from './testing/connect.ts'
import { useSharedServer } from './testing/shared-server.ts'

const server = useSharedServer()
const roles = ['runtime', 'relay', 'migration'] as const satisfies readonly LeaseRole[]
let provider: LocalProvider

beforeAll(async () => {
  provider = await server.attach()
})

afterAll(async () => {
  await server.clear()
})

async function usersOf({ capability }: LocalDatabase): Promise<readonly string[]> {
  return await Promise.all(roles.map(async (role) => (await capability.lease(role)).user))
}

describe('provisioning', () => {
  test('hands over plain data: what it is, and a lease for each role [CAP-01]', async () => {
    const name = server.name('plain')
    const { capability } = await provider.provisionDatabase({ name })
    const description = await capability.describe()
    const { host, port } = server.handle.admin
    expect(description).toEqual({
      provider: { name: '@user-engine/provider-local', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
      database: name,
      schema: 'user_engine',
      roles: { owner: 'user_engine_owner', runtime: 'user_engine_runtime', relay: 'user_engine_relay' },
      pooler: { mode: 'none', preparedStatements: true },
      maxConnections: { runtime: 20, relay: 8 },
      epoch: expect.stringMatching(/^\d+-[0-9A-F]{8}-\d+$/),
    })
    for (const role of roles) {
      const lease = await capability.lease(role)
      expect(lease).toEqual({
        leaseId: `${lease.user}@${description.epoch}`,
        host,
        port,
        database: name,
        user: expect.stringContaining(`user_engine_${role}_`),
        password: expect.stringMatching(/^[\w-]{32}$/),
        tls: server.handle.admin.tls,
        expiresAt: null,
        drainMs: 5_000,
      })
      expect(JSON.parse(JSON.stringify(lease))).toEqual(lease)
    }
  })

  test('gives three logins three sets of rights, and the public none [CAP-02]', async () => {
    const database = await provision('rights')
    const { capability } = database
    const facts = async (role: LeaseRole) =>
      await queryWith(
        await capability.lease(role),
        `SELECT rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication AS powerful,
          has_schema_privilege('user_engine', 'USAGE') AS uses,
          has_schema_privilege('user_engine', 'CREATE') AS creates,
          has_schema_privilege('public', 'CREATE') OR has_schema_privilege('public', 'USAGE') AS public,
          has_database_privilege(current_database(), 'CREATE') OR has_database_privilege(current_database(), 'TEMP') AS database,
          pg_has_role('user_engine_owner', 'MEMBER') AS owns
        FROM pg_roles WHERE rolname = current_user`,
      )
    const limited = {
      powerful: false,
      uses: true,
      creates: false,
      public: false,
      database: false,
      owns: false,
    }
    expect(await facts('runtime')).toEqual([limited])
    expect(await facts('relay')).toEqual([limited])
    expect(await facts('migration')).toEqual([{ ...limited, creates: true, owns: true }])
    const { rows } = await database.query(
      `SELECT pg_get_userbyid(nspowner) AS owner, rolcanlogin AS login,
        (SELECT pg_encoding_to_char(encoding) || ' ' || datcollate FROM pg_database WHERE datname = current_database()) AS text
      FROM pg_namespace JOIN pg_roles ON pg_roles.oid = nspowner WHERE nspname = 'user_engine'`,
    )
    expect(rows).toEqual([{ owner: 'user_engine_owner', login: false, text: 'UTF8 C' }])
  })

  test('lets the migration login act as the owner, and runtime use what it is granted', async () => {
    const { capability } = await provision('grants')
    const migration = await capability.lease('migration')
    await queryWith(
      migration,
      `SET ROLE user_engine_owner;
      CREATE TABLE user_engine.kept AS SELECT 7 AS value;
      GRANT SELECT ON user_engine.kept TO user_engine_runtime`,
    )
    const runtime = await capability.lease('runtime')
    expect(await queryWith(runtime, 'SELECT value FROM user_engine.kept')).toEqual([{ value: 7 }])
    const refused = { code: '42501' }
    await expect(queryWith(runtime, 'INSERT INTO user_engine.kept VALUES (8)')).rejects.toMatchObject(refused)
    await expect(queryWith(runtime, 'CREATE TABLE user_engine.mine ()')).rejects.toMatchObject(refused)
    await expect(queryWith(runtime, 'SET ROLE user_engine_owner')).rejects.toMatchObject(refused)
    const relay = await capability.lease('relay')
    await expect(queryWith(relay, 'SELECT value FROM user_engine.kept')).rejects.toMatchObject(refused)
  })

  test('is repeatable: the same object, and leases that are out stay good', async () => {
    const name = server.name('twice')
    const first = await provider.provisionDatabase({ name })
    const before = await first.capability.describe()
    const users = await usersOf(first)
    await first.query('CREATE TABLE user_engine.kept ()')
    const [second, third] = await Promise.all([
      provider.provisionDatabase({ name }),
      provider.provisionDatabase({ name }),
    ])
    expect(second).toBe(first)
    expect(third).toBe(first)
    expect(await usersOf(first)).toEqual(users)
    expect(await first.capability.describe()).toEqual(before)
    expect((await first.query('SELECT * FROM user_engine.kept')).rows).toEqual([])
  })

  test('by several at once makes one database, and logins for each', async () => {
    const name = server.name('together')
    const all = await Promise.all(
      [1, 2, 3, 4].map(async () => await (await server.attach()).provisionDatabase({ name })),
    )
    expect(new Set((await Promise.all(all.map(usersOf))).flat()).size).toBe(12)
    expect(
      new Set(await Promise.all(all.map(async ({ capability }) => (await capability.describe()).epoch))).size,
    ).toBe(1)
    for (const { capability } of all) {
      expect(await queryWith(await capability.lease('runtime'), 'SELECT current_database() AS name')).toEqual(
        [{ name }],
      )
    }
  })

  test('keeps the databases of one server apart', async () => {
    const one = await provision('apart_one')
    const two = await provision('apart_two')
    for (const role of roles) {
      const lease = await one.capability.lease(role)
      await expect(connectWith({ ...lease, database: two.name })).rejects.toMatchObject({ code: '42501' })
    }
  })

  test('copies a template', async () => {
    const template = await provision('template')
    await template.query('CREATE TABLE user_engine.marker AS SELECT 7 AS value')
    const copy = await provider.provisionDatabase({ name: server.name('copy'), template: template.name })
    expect((await copy.query('SELECT value FROM user_engine.marker')).rows).toEqual([{ value: 7 }])
    expect((await copy.capability.describe()).epoch).not.toBe((await template.capability.describe()).epoch)
    const other = await template.capability.lease('runtime')
    await expect(connectWith({ ...other, database: copy.name })).rejects.toMatchObject({ code: '42501' })
  })

  test('uses other roles for another prefix, and refuses the schema of somebody else', async () => {
    const rolePrefix = `ue_${randomBytes(4).toString('hex')}`
    const other = await server.attach({ rolePrefix })
    const name = server.name('prefix')
    const database = await other.provisionDatabase({ name })
    expect((await database.capability.describe()).roles.owner).toBe(`${rolePrefix}_owner`)
    await expect(provider.provisionDatabase({ name })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`belongs to the role "${rolePrefix}_owner"`),
    })
    await other.dropDatabase(name)
    const admin = await provision('admin')
    await admin.query(`DROP ROLE ${rolePrefix}_owner, ${rolePrefix}_runtime, ${rolePrefix}_relay`)
  })

  test.each([
    [{ name: '' }],
    [{ name: 'postgres' }],
    [{ name: 'x'.repeat(64) }],
    [{ schema: 'pg_mine' }],
    [{ drainMs: -1 }],
    [{ drainMs: 0.5 }],
  ])('refuses what cannot work: %j', async (options) => {
    await expect(
      provider.provisionDatabase({ name: server.name('refused'), ...options }),
    ).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })

  test('refuses a template that is not there, and one that is in use', async () => {
    const name = server.name('from_nowhere')
    await expect(provider.provisionDatabase({ name, template: 'no_such' })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: 'There is no database "no_such" to copy.',
    })
    const template = await provision('busy')
    const client = await connectWith(await template.capability.lease('runtime'))
    await expect(provider.provisionDatabase({ name, template: template.name })).rejects.toMatchObject({
      code: 'TEMPLATE_IN_USE',
    })
    await client.end()
    await provider.provisionDatabase({ name, template: template.name })
  })
})

describe('dropping', () => {
  test('removes a database that is in use, with the logins of everybody', async () => {
    const name = server.name('dropped')
    const database = await provider.provisionDatabase({ name })
    const elsewhere = await (await server.attach()).provisionDatabase({ name })
    const users = [...(await usersOf(database)), ...(await usersOf(elsewhere))]
    const client = await connectWith(await database.capability.lease('runtime'))
    await provider.dropDatabase(name)
    await expect(client.query('SELECT 1')).rejects.toThrow()
    await expect(database.capability.lease('runtime')).rejects.toMatchObject({ code: 'STOPPED' })
    await expect(database.rotateCredentials()).rejects.toMatchObject({ code: 'STOPPED' })
    await expect(database.query('SELECT 1')).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining(`has no database "${name}"`),
    })
    const witness = await provision('witness')
    const { rows } = await witness.query('SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)', [users])
    expect(rows).toEqual([])
    await provider.dropDatabase(name)
    await expect(provider.dropDatabase('postgres')).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('and provisioning from a copy is a restore: the same capability, another epoch [CAP-06]', async () => {
    const database = await provision('restored')
    await database.query('CREATE TABLE user_engine.kept AS SELECT 1 AS value')
    const backup = server.name('backup')
    await provider.provisionDatabase({ name: backup, template: database.name })
    await database.query('INSERT INTO user_engine.kept VALUES (2)')
    const before = await database.capability.describe()
    await provider.dropDatabase(database.name)
    const restored = await provider.provisionDatabase({ name: database.name, template: backup })
    expect(restored).toBe(database)
    expect((await database.capability.describe()).epoch).not.toBe(before.epoch)
    expect((await database.query('SELECT value FROM user_engine.kept')).rows).toEqual([{ value: 1 }])
    expect(await queryWith(await database.capability.lease('runtime'), 'SELECT 1 AS one')).toEqual([
      { one: 1 },
    ])
  })
})

describe('a given server', () => {
  function url({ user = server.handle.admin.user, password = server.handle.admin.password }): string {
    const { host, port, database } = server.handle.admin
    return `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${database}`
  }

  test('is described without its password, and its processes are left alone', async () => {
    const given = await createLocalProvider({ databaseUrl: url({}) })
    expect(given.backend).toMatchObject({ kind: 'url', reused: true })
    expect(given.backend.description).toMatch(/^given Postgres \d+(\.\d+)? on .+:\d+$/)
    expect(JSON.stringify(given.backend)).not.toContain(server.handle.admin.password)
    for (const fault of [given.faults.kill, given.faults.start, given.faults.pause, given.faults.resume]) {
      await expect(fault()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
    }
    const database = await given.provisionDatabase({ name: server.name('given') })
    const users = await usersOf(database)
    await given.stop()
    await expect(given.provisionDatabase()).rejects.toMatchObject({ code: 'STOPPED' })
    await expect(database.capability.lease('runtime')).rejects.toMatchObject({ code: 'STOPPED' })
    const { rows } = await database.query('SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)', [users])
    expect(rows).toEqual([])
  })

  test('that refuses its administrator, or is another release, is told in one sentence', async () => {
    const wrong = createLocalProvider({ databaseUrl: url({ password: 'not-the-password' }) })
    await expect(wrong).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringMatching(/does not accept the administrator's login and password\.$/),
    })
    await expect(wrong).rejects.not.toMatchObject({ message: expect.stringContaining('not-the-password') })
    const major = (await createLocalProvider({ databaseUrl: url({}) })).backend.serverVersion.startsWith('15')
      ? 16
      : 15
    await expect(createLocalProvider({ databaseUrl: url({}), major })).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
      message: expect.stringContaining(`Postgres ${major} was asked for`),
    })
    await expect(createLocalProvider({ backend: 'url' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(
      createLocalProvider({ databaseUrl: url({}), rolePrefix: 'Not A Role' }),
    ).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })

  test('is provisioned by an administrator with CREATEDB and CREATEROLE alone; less is not enough', async () => {
    const witness = await provision('limited_admin')
    const tag = randomBytes(4).toString('hex')
    const password = randomBytes(12).toString('hex')
    const [limited, powerless] = [`ue_admin_${tag}`, `ue_nobody_${tag}`]
    await witness.query(`CREATE ROLE ${limited} LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`)
    await witness.query(`CREATE ROLE ${powerless} LOGIN PASSWORD '${password}'`)
    const rolePrefix = `ue_${tag}`
    const options = { databaseUrl: url({ user: limited, password }), rolePrefix }
    const given = await createLocalProvider(options)
    const name = server.name('by_limited')
    const database = await given.provisionDatabase({ name })
    const before = await database.capability.lease('runtime')
    const running = await connectWith(before)
    const ended = new Promise((resolve) => running.once('end', resolve))
    await database.rotateCredentials({ drainMs: 0 })
    await ended
    expect(await queryWith(await database.capability.lease('migration'), 'SELECT 1 AS one')).toEqual([
      { one: 1 },
    ])
    const client = await connectWith(await database.capability.lease('runtime'))
    await given.dropDatabase(name)
    await expect(client.query('SELECT 1')).rejects.toThrow()
    await given.stop()
    await expect(
      (
        await createLocalProvider({ ...options, databaseUrl: url({ user: powerless, password }) })
      ).provisionDatabase({
        name,
      }),
    ).rejects.toMatchObject({ code: 'NOT_PERMITTED' })
    await witness.query(`DROP ROLE ${rolePrefix}_owner, ${rolePrefix}_runtime, ${rolePrefix}_relay`)
    await witness.query(`DROP ROLE ${limited}, ${powerless}`)
  })
})

async function provision(what: string): Promise<LocalDatabase> {
  return await provider.provisionDatabase({ name: server.name(what) })
}
