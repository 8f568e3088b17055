// A real pooler before a real server.
import { afterAll, expect, test } from 'vitest'
import type { ConnectionLease } from '../capability.ts'
import { connectWith, queryWith } from '../testing/connect.ts'
import { useDataFolder } from '../testing/data-folder.ts'
import { useSharedServer } from '../testing/shared-server.ts'
import { until } from '../testing/until.ts'
import { findMissingPooler, type LocalPooler, startLocalPooler } from './local-pooler.ts'
import type { PoolerOptions } from './pooler-settings.ts'

const server = useSharedServer()
const data = useDataFolder()
const poolers: LocalPooler[] = []

afterAll(async () => {
  await Promise.all(poolers.map((pooler) => pooler.stop()))
  await server.clear()
})

async function start(options: PoolerOptions = {}, provider = server.attach()): Promise<LocalPooler> {
  const pooler = await startLocalPooler(await provider, options)
  poolers.push(pooler)
  return pooler
}

const PID = 'SELECT pg_backend_pid() AS pid'

async function pidsOf(leases: readonly ConnectionLease[]): Promise<readonly unknown[]> {
  const clients = await Promise.all(leases.map(connectWith))
  const pids: unknown[] = []
  for (const client of clients) pids.push((await client.query(PID)).rows[0].pid)
  await Promise.all(clients.map((client) => client.end()))
  return pids
}

const missing = await findMissingPooler()
if (missing !== null) test.skip(`is not run: ${missing}`, () => {})
else {
  test('sessions share server connections, with logins that it never heard of, and new ones after a rotation', async () => {
    const provider = await server.attach()
    const database = await provider.provisionDatabase({ name: server.name('pooled'), drainMs: 500 })
    const pooled = (await start()).through(database.capability)
    expect((await pooled.describe()).pooler).toEqual({ mode: 'transaction', preparedStatements: false })
    const lease = await pooled.lease('runtime')
    expect(new Set(await pidsOf([lease, lease, lease])).size).toBe(1)
    await database.rotateCredentials()
    const newer = await pooled.lease('runtime')
    expect(newer.user).not.toBe(lease.user)
    expect(await queryWith(newer, 'SELECT current_user AS user')).toEqual([{ user: newer.user }])
    await until('the old login is refused', () =>
      connectWith(lease).then(
        (client) => client.end().then(() => false),
        () => true,
      ),
    )
  })

  test('in session mode a session keeps its connection; what every connection is told first', async () => {
    const provider = await server.attach()
    const database = await provider.provisionDatabase({ name: server.name('pooled_sessions') })
    const pooler = await start({ mode: 'session', connectQuery: `SET application_name = 'it''s me'` })
    const lease = await pooler.through(database.capability).lease('runtime')
    expect(new Set(await pidsOf([lease, lease, lease])).size).toBe(3)
    const rows = await queryWith(lease, `SELECT current_setting('application_name') AS name`)
    expect(rows).toEqual([{ name: "it's me" }])
  })

  test('speaks TLS on both sides where the server does', async () => {
    data.fill()
    const provider = await data.open({ tls: true })
    const { capability } = await provider.provisionDatabase()
    const pooler = await start({}, Promise.resolve(provider))
    const lease = await pooler.through(capability).lease('runtime')
    expect(lease.tls.mode).toBe('verify-full')
    const rows = await queryWith(lease, 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
    expect(rows).toEqual([{ ssl: true }])
    await expect(connectWith({ ...lease, tls: { mode: 'disable' } })).rejects.toThrow(/SSL required/)
  })

  test('settings that it refuses', async () => {
    await expect(start({ settings: { pool_mode: 'sometimes' } })).rejects.toMatchObject({
      code: 'SERVER_FAILED',
    })
    await expect(start({ settings: { pool_mode: 'session\nauth_type = any' } })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })
}
