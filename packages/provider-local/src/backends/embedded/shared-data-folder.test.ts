// One data folder, one server: what is kept there, and who uses it.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LocalProvider } from '../../local-provider.ts'
import { useDataFolder } from '../../testing/data-folder.ts'
import { findFreePort } from '../free-port.ts'

const data = useDataFolder()

test('keeps the data, and secrets only where their owner alone reads them', async () => {
  const lines: string[] = []
  const first = await data.open({ settings: { log_statement: 'all' }, log: (line) => lines.push(line) })
  const database = await first.provisionDatabase()
  await database.query('CREATE TABLE user_engine.kept AS SELECT 7 AS value')
  await database.rotateCredentials()
  const { admin } = first.serverHandle
  const lease = await database.capability.lease('runtime')
  expect(first.backend).toMatchObject({ kind: 'embedded', reused: false, serverVersion: /^18\./ })
  expect(first.backend.description).toBe(
    `embedded Postgres ${first.backend.serverVersion} on 127.0.0.1:${admin.port}`,
  )
  await first.stop()
  await first.stop()
  await expect(first.provisionDatabase()).rejects.toMatchObject({ code: 'STOPPED' })
  await expect(first.faults.start()).rejects.toMatchObject({ code: 'STOPPED' })

  expect(readdirSync(data.dataDir).sort()).toEqual([
    'administrator-password',
    'owner',
    'pgdata',
    'server.log',
  ])
  expect(statSync(join(data.dataDir, 'administrator-password')).mode & 0o777).toBe(0o600)
  expect(statSync(join(data.dataDir, 'server.log')).mode & 0o777).toBe(0o600)
  const log = readFileSync(join(data.dataDir, 'server.log'), 'utf8')
  expect(log).toContain('CREATE ROLE')
  expect(lines.join('\n')).toContain('started a server')
  for (const secret of [admin.password, String(lease.password)]) {
    expect(log).not.toContain(secret)
    expect(lines.join('\n')).not.toContain(secret)
  }

  const second = await data.open()
  expect(second.backend.reused).toBe(false)
  const again = await second.provisionDatabase()
  expect((await again.query('SELECT value FROM user_engine.kept')).rows).toEqual([{ value: 7 }])
  const facts = await again.query(
    `SELECT current_setting('data_checksums') AS checksums, current_setting('server_encoding') AS encoding,
      current_setting('listen_addresses') AS addresses, (SELECT array_agg(DISTINCT auth_method) FROM pg_hba_file_rules) AS auth`,
  )
  expect(facts.rows).toEqual([
    { checksums: 'on', encoding: 'UTF8', addresses: '127.0.0.1', auth: ['scram-sha-256'] },
  ])
})

test('is served once: a second process uses the server and leaves it running', async () => {
  data.fill()
  const owner = await data.openElsewhere()
  const guest = await data.open()
  expect(guest.backend.reused).toBe(true)
  expect(guest.serverHandle.admin.port).toBe(owner.ready.handle.admin.port)
  expect(await keptRows(guest)).toBe(1)
  await guest.stop()
  owner.say('query')
  expect(await owner.next()).toEqual({ rows: [{ value: 1 }] })
  owner.say('stop')
  expect(await owner.next()).toEqual({ rows: [{ value: 1 }] })
  expect(await owner.next()).toEqual({ stopped: true })
  expect(data.serverPid()).toBe(0)
})

test('two processes that start at once, also on one port, share one server', async () => {
  data.fill()
  const port = await findFreePort()
  const both = await Promise.all([data.openElsewhere({ port }), data.openElsewhere({ port })])
  expect(both.map(({ ready }) => ready.reused).sort()).toEqual([false, true])
  expect(both.map(({ ready }) => ready.handle.admin.port)).toEqual([port, port])
  const guest = await data.open({ port })
  expect(await keptRows(guest)).toBe(2)
})

test('logins that a killed owner left are removed at the next start', async () => {
  data.fill()
  const owner = await data.openElsewhere()
  owner.child.kill('SIGKILL')
  await owner.ended()
  const heir = await data.open()
  const database = await heir.provisionDatabase({ name: 'program' })
  const leases = await Promise.all(
    (['migration', 'relay', 'runtime'] as const).map((role) => database.capability.lease(role)),
  )
  const { rows } = await database.query(
    `SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname LIKE 'user\\_engine\\_%' ORDER BY rolname`,
  )
  expect(rows.map(({ rolname }) => rolname)).toEqual(leases.map(({ user }) => user))
})

async function keptRows(provider: LocalProvider): Promise<number> {
  const database = await provider.provisionDatabase({ name: 'program' })
  const { rows } = await database.query('SELECT count(*)::int AS count FROM user_engine.kept')
  return Number(rows[0]?.count)
}
