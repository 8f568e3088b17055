// Rotation on the server of the test run.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LocalDatabase } from './local-database.ts'
import type { LocalProvider } from './local-provider.ts'
import { connectWith, queryWith } from './testing/connect.ts'
import { useSharedServer } from './testing/shared-server.ts'
import { until } from './testing/until.ts'

const server = useSharedServer()
let provider: LocalProvider

beforeAll(async () => {
  provider = await server.attach()
})

afterAll(async () => {
  await server.clear()
})

async function loginExists(database: LocalDatabase, login: string): Promise<boolean> {
  const { rows } = await database.query('SELECT FROM pg_roles WHERE rolname = $1', [login])
  return rows.length > 0
}

// While the role is being removed it is there without a login; afterwards it is unknown. Refused either way.
const REFUSED = { code: expect.stringMatching(/^28/) }

test('new logins at once, old ones until the drain window ends, then none [CAP-04]', async () => {
  const database = await provider.provisionDatabase({ name: server.name('rotating'), drainMs: 1_500 })
  const before = await database.capability.lease('runtime')
  expect(before.drainMs).toBe(1_500)
  const running = await connectWith(before)
  const ended = new Promise((resolve) => running.once('end', resolve))
  await database.rotateCredentials()
  const after = await database.capability.lease('runtime')
  expect(after.user).not.toBe(before.user)
  expect(after.leaseId).not.toBe(before.leaseId)
  expect(after.password).not.toBe(before.password)
  const who = 'SELECT current_user AS user'
  expect(await queryWith(after, who)).toEqual([{ user: after.user }])
  expect(await queryWith(before, who)).toEqual([{ user: before.user }])
  expect((await running.query(who)).rows).toEqual([{ user: before.user }])
  await ended
  await expect(connectWith(before)).rejects.toMatchObject(REFUSED)
  await until('the old login is removed', async () => !(await loginExists(database, before.user)))
  expect(await queryWith(after, who)).toEqual([{ user: after.user }])
})

test('rotations one upon the other retire every generation', async () => {
  const database = await provider.provisionDatabase({ name: server.name('again') })
  const first = await database.capability.lease('relay')
  await Promise.all([1, 2, 3].map(() => database.rotateCredentials({ drainMs: 0 })))
  const last = await database.capability.lease('relay')
  const { rows } = await database.query('SELECT rolname FROM pg_roles WHERE rolname = $1', [last.user])
  expect(rows).toEqual([{ rolname: last.user }])
  await until('only the last generation is left', async () => {
    const logins = await database.query(
      `SELECT DISTINCT grantee::regrole::text AS login
      FROM pg_database, aclexplode(datacl)
      WHERE datname = $1 AND privilege_type = 'CONNECT' AND grantee::regrole::text LIKE '%\\_relay\\_%'`,
      [database.name],
    )
    return logins.rows.length === 1 && logins.rows[0]?.login === last.user
  })
  await expect(connectWith(first)).rejects.toMatchObject(REFUSED)
})

test('what a migration login made in its own name stays, and goes to the owner', async () => {
  const database = await provider.provisionDatabase({ name: server.name('possessions') })
  const migration = await database.capability.lease('migration')
  await queryWith(migration, 'CREATE TABLE user_engine.kept AS SELECT 7 AS value')
  await database.rotateCredentials({ drainMs: 0 })
  await until('the old login is removed', async () => !(await loginExists(database, migration.user)))
  const { rows } = await database.query(
    `SELECT tableowner, (SELECT value FROM user_engine.kept) AS value FROM pg_tables WHERE tablename = 'kept'`,
  )
  expect(rows).toEqual([{ tableowner: 'user_engine_owner', value: 7 }])
})

test('leases that end: newer ones once the drain window has begun, none after their end [CAP-04]', async () => {
  const times = { leaseMs: 2_500, drainMs: 1_200 }
  const database = await provider.provisionDatabase({ name: server.name('expiring'), ...times })
  const first = await database.capability.lease('runtime')
  const endsAt = Date.parse(first.expiresAt ?? '')
  expect(endsAt - Date.now()).toBeLessThanOrEqual(times.leaseMs)
  expect(await database.capability.lease('runtime')).toEqual(first)
  const running = await connectWith(first)
  const ended = new Promise((resolve) => running.once('end', resolve))
  let newer = first
  await until('a newer lease', async () => {
    const leases = await Promise.all([1, 2, 3].map(() => database.capability.lease('runtime')))
    newer = leases[0] ?? first
    expect(new Set(leases.map(({ user }) => user)).size).toBe(1)
    return newer.user !== first.user
  })
  expect(Date.now()).toBeGreaterThanOrEqual(endsAt - times.drainMs)
  expect(Date.now()).toBeLessThan(endsAt)
  expect(Date.parse(newer.expiresAt ?? '')).toBeGreaterThan(endsAt)
  const who = 'SELECT current_user AS user'
  expect((await running.query(who)).rows).toEqual([{ user: first.user }])
  expect(await queryWith(newer, who)).toEqual([{ user: newer.user }])
  await ended
  expect(Date.now()).toBeGreaterThanOrEqual(endsAt)
  await expect(connectWith(first)).rejects.toMatchObject(REFUSED)
})

test('a lease that would be due from its beginning is refused', async () => {
  const wanted = { name: server.name('no_lease'), leaseMs: 1_000, drainMs: 1_000 }
  await expect(provider.provisionDatabase(wanted)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})

test('a drain window that is no time is refused', async () => {
  const database = await provider.provisionDatabase({ name: server.name('no_window') })
  for (const drainMs of [-1, Number.NaN, 2 ** 31]) {
    await expect(database.rotateCredentials({ drainMs })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  }
})
