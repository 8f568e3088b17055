// The application as its users meet it: whole processes, a real embedded Postgres, real signals.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { expect, test } from 'vitest'
import { importUsers } from './import/import-users.ts'
import { readScimFile } from './scim/read-scim-file.ts'
import { writeSample } from './scim/write-sample.ts'
import { startApp } from './testing/app-process.ts'
import { openMemoryApp } from './testing/memory-app.ts'
import { startNatsServer } from './testing/nats-server.ts'
import { makeTemporaryFolder, writeTemporaryFile } from './testing/temporary-folder.ts'

const ADDRESS = /listens on (http:\S+)/

async function getJson(url: string, headers: Record<string, string> = {}) {
  return (await (await fetch(url, { headers })).json()) as Record<string, never>
}

const postmasterFile = (dataDir: string) => join(dataDir, 'postgres', 'pgdata', 'postmaster.pid')

async function postmasterPid(dataDir: string): Promise<number> {
  return Number((await readFile(postmasterFile(dataDir), 'utf8')).split('\n')[0])
}

test('start, write, Ctrl-C, start again: everything stops, and the data is there', async () => {
  const dataDir = await makeTemporaryFolder()
  const first = startApp('--port', '0', '--data-dir', dataDir)
  const [, address] = await first.prints(ADDRESS)
  expect(await getJson(`${address}/readyz`)).toMatchObject({ status: 'ready' })
  const headers = { 'x-reason': 'test', 'content-type': 'application/json' }
  const body = JSON.stringify({ kind: 'person', displayName: 'Grace' })
  const created = await fetch(`${address}/v1/platform/users`, { method: 'POST', headers, body })
  const user = (await created.json()) as { id: string }
  await first.prints(/"type":"user-engine\.user\.created"/)
  first.signal('SIGINT')
  expect((await first.ended).code).toBe(0)
  expect(existsSync(postmasterFile(dataDir))).toBe(false)

  const second = startApp('--port', '0', '--data-dir', dataDir)
  const [, again] = await second.prints(ADDRESS)
  expect(await getJson(`${again}/v1/platform/users/${user.id}`, headers)).toEqual(user)
  second.signal('SIGTERM')
  expect((await second.ended).code).toBe(0)
})

test('kill -9 of Postgres and of the app during an import: the next import completes it, with exact counts', async () => {
  const users = 1_500
  const dataDir = await makeTemporaryFolder()
  const file = join(await makeTemporaryFolder(), 'users.jsonl')
  await writeSample(file, users)

  const killed = startApp('import', file, '--data-dir', dataDir)
  const [, acknowledged] = await killed.prints(/imported (\d+) of/)
  process.kill(await postmasterPid(dataDir), 'SIGKILL')
  killed.signal('SIGKILL')
  expect((await killed.ended).code).toBeNull()

  const resumed = await startApp('import', file, '--data-dir', dataDir).ended
  expect(resumed.code, resumed.stderr).toBe(0)
  const [, created, unchanged] =
    /(\d+) created, 0 updated, (\d+) unchanged, 0 refused/.exec(resumed.stdout) ?? []
  expect(Number(created) + Number(unchanged)).toBe(users)
  expect(Number(unchanged)).toBeGreaterThanOrEqual(Number(acknowledged))
  expect(Number(created)).toBeGreaterThan(0)

  const app = startApp('--port', '0', '--data-dir', dataDir)
  const [, address] = await app.prints(ADDRESS)
  const {
    'audit-record': audited,
    'outbox-event': emitted,
    ...counts
  } = await getJson(`${address}/v1/tenants/demo/record-counts`)
  const expected = await countsAfterQuietImport(file)
  expect(counts).toEqual(expected.counts)
  expect({ audited, emitted }).toEqual({ audited: expected.audited, emitted: expected.emitted })
  app.signal('SIGINT')
  expect((await app.ended).code).toBe(0)
})

/** What the tenant holds when the same file is imported once and nothing is killed. */
async function countsAfterQuietImport(file: string) {
  const { engine, demo } = await openMemoryApp()
  const context = { scope: { tenantId: demo.tenantId }, actor: { type: 'service', id: 'test' } } as const
  await importUsers({
    engine,
    context,
    applicationId: demo.applicationId,
    issuer: 'scim:demo',
    reactivates: false,
    records: readScimFile(file),
    onDone: () => {},
  })
  const { 'audit-record': audited, 'outbox-event': emitted, ...counts } = await engine.countRecords(context)
  return { counts, audited, emitted }
}

test('a Postgres that dies under a running app: readyz says so, requests get a typed problem', async () => {
  const dataDir = await makeTemporaryFolder()
  const app = startApp('--port', '0', '--data-dir', dataDir)
  const [, address] = await app.prints(ADDRESS)
  process.kill(await postmasterPid(dataDir), 'SIGKILL')
  // What the first process of a server leaves behind may answer for another moment.
  const listUsers = () => fetch(`${address}/v1/tenants/demo/users`)
  await expect.poll(async () => (await listUsers()).status, { timeout: 10_000 }).toBe(503)
  expect(await (await listUsers()).json()).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  expect((await fetch(`${address}/readyz`)).status).toBe(503)
  expect((await fetch(`${address}/livez`)).status).toBe(200)
  app.signal('SIGINT')
  await app.ended
})

test('events go to a stream of NATS, which is made when it is not there', async ({ skip }) => {
  const natsUrl = await startNatsServer()
  if (natsUrl === null) return skip('nats-server is not on the PATH; install the Debian package nats-server')
  const app = startApp('--store', 'memory', '--port', '0', '--nats-url', natsUrl)
  await app.prints(ADDRESS)
  const connection = await connect({ servers: natsUrl })
  const consumer = await jetstream(connection).consumers.get('USER_ENGINE')
  const message = await consumer.next({ expires: 10_000 })
  expect(message?.subject).toMatch(/^events\.(platform|tenant\.demo)\.user-engine\./)
  expect(message?.json()).toMatchObject({ specversion: '1.0', source: '/user-engine' })
  await connection.close()
  app.signal('SIGINT')
  expect((await app.ended).code).toBe(0)
})

test('a busy port, a folder that cannot be written and a server that is not there: one line each', async () => {
  const busy = createServer().listen(0, '127.0.0.1')
  await once(busy, 'listening')
  const port = String((busy.address() as AddressInfo).port)
  const inUse = await startApp('--store', 'memory', '--port', port).ended
  expect(inUse).toMatchObject({
    code: 1,
    stderr: `Port ${port} is in use: choose another one with --port.\n`,
  })
  await new Promise((resolve) => busy.close(resolve))

  const belowFile = join(await writeTemporaryFile('in the way', 'file'), 'data')
  const unwritable = await startApp('--data-dir', belowFile).ended
  expect(unwritable.code).toBe(1)
  expect(unwritable.stderr).toMatch(/^[^\n]+ is no folder: choose another one\.\n$/)

  const noNats = await startApp('--store', 'memory', '--nats-url', `nats://u:hunter2@127.0.0.1:${port}`).ended
  expect(noNats).toMatchObject({
    code: 1,
    stderr: 'NATS with JetStream cannot be reached: look at --nats-url.\n',
  })

  const nobody = await startApp('--database-url', `postgres://admin:hunter2@127.0.0.1:${port}/postgres`).ended
  expect(nobody.code).toBe(1)
  expect(nobody.stderr).toMatch(/^[^\n]+\n$/)
  expect(nobody.stderr).not.toContain('hunter2')
})

test('a file that is not there and one without users: one line each', async () => {
  const missing = await startApp('import', '/nowhere/users.jsonl', '--store', 'memory').ended
  expect(missing.code).toBe(1)
  expect(missing.stderr).toMatch(/^[^\n]*\/nowhere\/users\.jsonl[^\n]*\n$/)
  const noUsers = await startApp('import', new URL('main.ts', import.meta.url).pathname, '--store', 'memory')
    .ended
  expect(noUsers.code).toBe(1)
  expect(noUsers.stderr).toMatch(/^[^\n]*main\.ts[^\n]*\n$/)
})
