// On an embedded server of its own: every fault is a real one.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createLocalProvider } from '../../create-local-provider.ts'
import type { LocalDatabase } from '../../local-database.ts'
import type { LocalProvider } from '../../local-provider.ts'
import { connectWith, queryWith } from '../../testing/connect.ts'
import { until } from '../../testing/until.ts'
import { isRunning, processTree, signalAll } from './processes.ts'

let provider: LocalProvider
let database: LocalDatabase

beforeAll(async () => {
  provider = await createLocalProvider({ backend: 'embedded' })
  database = await provider.provisionDatabase({ name: 'faults' })
  await queryWith(
    await database.capability.lease('migration'),
    'SET ROLE user_engine_owner; CREATE TABLE user_engine.kept (value int)',
  )
})

afterAll(async () => {
  await provider.stop()
})

afterEach(async () => {
  await provider.faults.resume()
})

async function serverProcesses(): Promise<readonly number[]> {
  const { rows } = await database.query(
    `SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid`,
  )
  return processTree(Number(rows[0]?.pid)).map(({ pid }) => pid)
}

test('a killed server loses its processes and keeps what was acknowledged', async () => {
  const client = await connectWith(await database.capability.lease('migration'))
  const processes = await serverProcesses()
  expect(processes.length).toBeGreaterThan(3)
  await client.query('INSERT INTO user_engine.kept VALUES (1)')
  await client.query('BEGIN')
  await client.query('INSERT INTO user_engine.kept VALUES (2)')
  const running = client.query('SELECT pg_sleep(600)').then(
    () => 'answered',
    () => 'broken',
  )
  await provider.faults.kill()
  expect(await running).toBe('broken')
  expect(processes.filter(isRunning)).toEqual([])
  await expect(database.query('SELECT 1')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  await provider.faults.kill()
  await provider.faults.start()
  expect(
    await queryWith(await database.capability.lease('migration'), 'SELECT * FROM user_engine.kept'),
  ).toEqual([{ value: 1 }])
})

test('a paused server answers nobody, and everybody once it goes on', async () => {
  const lease = await database.capability.lease('runtime')
  const client = await connectWith(lease)
  const processes = await serverProcesses()
  await provider.faults.pause()
  const states = processes.flatMap((pid) => processTree(pid).map(({ state }) => state))
  expect(states.length).toBeGreaterThan(3)
  // One that had just ended waits for its parent to notice, which is stopped.
  expect(states.filter((state) => state !== 'T' && state !== 'Z')).toEqual([])
  const answers: string[] = []
  const query = client.query('SELECT 1').then(() => answers.push('query'))
  const connection = connectWith(lease).then((fresh) => {
    answers.push('connection')
    return fresh
  })
  // Its processes cannot run, so no length of time would change this; it is long enough for one that could.
  await new Promise((resolve) => setTimeout(resolve, 250))
  expect(answers).toEqual([])
  await expect(provider.faults.start()).rejects.toMatchObject({ code: 'NOT_RUNNING' })
  await provider.faults.pause()
  await provider.faults.resume()
  await query
  await (await connection).end()
  await client.end()
  await provider.faults.resume()
})

test('a paused server can be killed; a server that is down cannot be paused; one that runs need not be started', async () => {
  const processes = await serverProcesses()
  await provider.faults.pause()
  await provider.faults.kill()
  expect(processes.filter(isRunning)).toEqual([])
  await expect(provider.faults.pause()).rejects.toMatchObject({ code: 'NOT_RUNNING' })
  await provider.faults.resume()
  await provider.faults.start()
  const restarted = await serverProcesses()
  await provider.faults.start()
  expect((await serverProcesses())[0]).toBe(restarted[0])
})

test('a server that ended before our process could hear of it is down', async () => {
  const [postmaster = 0] = await serverProcesses()
  signalAll([postmaster], 'SIGKILL')
  // Without a turn of the event loop, which would bring the news.
  while (isRunning(postmaster));
  await expect(provider.faults.pause()).rejects.toMatchObject({ code: 'NOT_RUNNING' })
  await provider.faults.start()
  expect((await serverProcesses())[0]).not.toBe(postmaster)
})

test('a server whose first process alone was killed starts again, also while an orphan computes', async () => {
  const client = await connectWith(await database.capability.lease('migration'))
  const [postmaster = 0] = await serverProcesses()
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const busy = rows[0]?.pid ?? 0
  // Computes without ever waiting, so it does not notice that its server is gone.
  const computing = client.query(`DO $$ DECLARE i bigint := 0; BEGIN LOOP i := i + 1; END LOOP; END $$`)
  const broken = expect(computing).rejects.toThrow()
  await until('the backend computes', () => processTree(busy)[0]?.state === 'R')
  signalAll([postmaster], 'SIGKILL')
  await until('the server is gone', () => !isRunning(postmaster))
  expect(isRunning(busy)).toBe(true)
  await provider.faults.start()
  await broken
  expect(isRunning(busy)).toBe(false)
  expect((await database.query('SELECT count(*)::int AS count FROM user_engine.kept')).rows).toEqual([
    { count: 1 },
  ])
})
