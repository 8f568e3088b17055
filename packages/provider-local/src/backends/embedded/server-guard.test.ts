// How the process that owns a server ends, well and badly, and what is left of the server.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { createLocalProvider } from '../../create-local-provider.ts'
import { attachLocalProvider, type LocalProvider } from '../../local-provider.ts'
import { useDataFolder } from '../../testing/data-folder.ts'
import { until } from '../../testing/until.ts'
import { isRunning, processTree, signalAll } from './processes.ts'

const data = useDataFolder()

test('kill -9: the server ends in order, and the next start finds everything', async () => {
  data.fill()
  const owner = await data.openElsewhere()
  const server = data.serverPid()
  owner.child.kill('SIGKILL')
  await owner.ended()
  const heir = await data.open()
  expect(heir.backend.reused).toBe(false)
  expect(isRunning(server)).toBe(false)
  expect(await keptRows(heir)).toBe(1)
  expect(readFileSync(join(data.dataDir, 'server.log'), 'utf8')).not.toContain('was not properly shut down')
})

test('kill -9 of the owner and of its guard: the server goes on, is used, and is not stopped', async () => {
  data.fill()
  const owner = await data.openElsewhere()
  const server = data.serverPid()
  const guard = processTree(owner.ready.pid).find(
    ({ pid, parent }) => parent === owner.ready.pid && pid !== server,
  )
  // The guard first: it acts as soon as its owner is gone.
  signalAll([guard?.pid ?? expect.fail('there is no guard'), owner.ready.pid], 'SIGKILL')
  const heir = await data.open()
  expect(heir.backend.reused).toBe(true)
  expect(await keptRows(heir)).toBe(1)
  await heir.stop()
  expect(data.serverPid()).toBe(server)
  signalAll([server], 'SIGINT')
})

test('kill -9 of the owner and of every process of the server', async () => {
  data.fill()
  const owner = await data.openElsewhere()
  const processes = [owner.ready.pid, ...processTree(data.serverPid()).map(({ pid }) => pid)]
  signalAll(processes, 'SIGKILL')
  const heir = await data.open()
  expect(heir.backend.reused).toBe(false)
  expect(await keptRows(heir)).toBe(1)
  expect(readFileSync(join(data.dataDir, 'server.log'), 'utf8')).toContain('was not properly shut down')
})

test('kill -9 of the server alone: a second process starts it, and ends it', async () => {
  data.fill()
  await data.openElsewhere()
  const processes = processTree(data.serverPid()).map(({ pid }) => pid)
  signalAll(processes, 'SIGKILL')
  const heir = await data.open()
  expect(heir.backend.reused).toBe(false)
  expect(await keptRows(heir)).toBe(1)
  const server = data.serverPid()
  await heir.stop()
  expect(isRunning(server)).toBe(false)
})

test('an id of the dead server that another process has got since does not prevent the next start', async () => {
  data.fill()
  const first = await data.open()
  await first.provisionDatabase({ name: 'program' })
  await first.faults.kill()
  const file = join(data.dataDir, 'pgdata', 'postmaster.pid')
  const [, ...rest] = readFileSync(file, 'utf8').split('\n')
  // A child of ours runs under the account of the server, so Postgres itself would take it for one.
  writeFileSync(file, [String(process.pid), ...rest].join('\n'))
  await first.faults.start()
  expect(data.serverPid()).not.toBe(process.pid)
  expect(data.serverPid()).toBeGreaterThan(0)
})

test('Ctrl-C is for the owner: its server still answers, and is stopped in order', async () => {
  data.fill()
  const owner = await data.openElsewhere()
  process.kill(-owner.ready.pid, 'SIGINT')
  expect(await owner.next()).toEqual({ rows: [{ value: 1 }] })
  expect(await owner.next()).toEqual({ stopped: true })
  await owner.ended()
  expect(data.serverPid()).toBe(0)
})

test.each(['leave', 'SIGTERM', 'SIGKILL'] as const)(
  'without stopping (%s): nothing of a temporary server is left',
  async (end) => {
    const owner = data.start({})
    const message = await owner.next()
    if (message?.ready === undefined) throw new Error('the program did not start')
    const attached = await attachLocalProvider(message.ready.handle)
    const database = await attached.provisionDatabase({ name: 'program' })
    const { rows } = await database.query(`SELECT current_setting('data_directory') AS cluster`)
    const cluster = String(rows[0]?.cluster)
    const processes = processTree(data.serverPid(cluster)).map(({ pid }) => pid)
    expect(processes.length).toBeGreaterThan(3)
    if (end === 'leave') owner.say('leave')
    else owner.child.kill(end)
    await owner.ended()
    await until('its processes are gone', () => !processes.some(isRunning))
    await until('its folder is gone', () => !existsSync(dirname(cluster)))
  },
)

test('a paused temporary server goes as well', async () => {
  const owner = data.start({})
  const message = await owner.next()
  const attached = await attachLocalProvider(message?.ready?.handle ?? expect.fail('it did not start'))
  const database = await attached.provisionDatabase({ name: 'program' })
  const { rows } = await database.query(`SELECT current_setting('data_directory') AS cluster`)
  const cluster = String(rows[0]?.cluster)
  const processes = processTree(data.serverPid(cluster)).map(({ pid }) => pid)
  signalAll(processes, 'SIGSTOP')
  owner.child.kill('SIGKILL')
  await until('its processes are gone', () => !processes.some(isRunning))
  await until('its folder is gone', () => !existsSync(dirname(cluster)))
})

test('in the middle of making the cluster: the next start makes it, and clears up', async () => {
  const owner = data.start({ dataDir: data.dataDir })
  await until(
    'the cluster is being made',
    () =>
      existsSync(data.dataDir) &&
      readdirSync(data.dataDir).some((name) => /^initdb-\d+-[0-9a-f]+$/.test(name)),
  )
  owner.child.kill('SIGKILL')
  await owner.ended()
  const heir = await data.open()
  await heir.provisionDatabase()
  expect(readdirSync(data.dataDir).sort()).toEqual([
    'administrator-password',
    'owner',
    'pgdata',
    'server.log',
  ])
})

test('a stopped provider leaves no process and no temporary folder', async () => {
  const temporary = await createLocalProvider({ backend: 'embedded' })
  const database = await temporary.provisionDatabase()
  const { rows } = await database.query(`SELECT current_setting('data_directory') AS cluster`)
  const cluster = String(rows[0]?.cluster)
  const processes = processTree(process.pid).filter(({ pid }) => pid !== process.pid)
  expect(processes.map(({ pid }) => pid)).toContain(data.serverPid(cluster))
  await temporary.stop()
  expect(existsSync(dirname(cluster))).toBe(false)
  await until('the guard has gone', () => !processes.some(({ pid }) => isRunning(pid)))
})

async function keptRows(provider: LocalProvider): Promise<number> {
  const database = await provider.provisionDatabase({ name: 'program' })
  const { rows } = await database.query('SELECT count(*)::int AS count FROM user_engine.kept')
  return Number(rows[0]?.count)
}
