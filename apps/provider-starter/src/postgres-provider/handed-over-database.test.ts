import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createLocalProvider, type LocalProvider } from '@user-engine/provider-local'
import { createPostgresStore, migrate } from '@user-engine/store-postgres'
import { withClient } from './administrator.ts'
import { type HandedOverDatabase, handOverDatabase } from './handed-over-database.ts'

let server: LocalProvider
let database: HandedOverDatabase

before(async () => {
  server = await createLocalProvider({ backend: 'embedded' })
  database = await handOverDatabase(server.serverHandle.admin, { name: 'acme_users' })
  await migrate({ capability: database.capability })
})

after(() => server.stop())

test('the store finds everything in order, check by check', async () => {
  const store = await createPostgresStore({ capability: database.capability })
  const { status, checks } = await store.readiness()
  await store.close()
  assert.deepEqual(
    checks.filter((check) => check.status !== 'pass'),
    [],
  )
  assert.equal(status, 'ready')
})

test('neither runtime nor relay may create a table or become the owner', async () => {
  for (const role of ['runtime', 'relay'] as const) {
    const { host, port, user, password } = await database.capability.lease(role)
    await withClient({ host, port, user, password, database: database.name }, async (client) => {
      for (const sql of [
        'CREATE TABLE user_engine.mine (id integer)',
        'CREATE TABLE public.mine (id integer)',
        'SET ROLE acme_owner',
      ])
        await assert.rejects(client.query(sql), /permission denied/, `${sql} as ${role}`)
    })
  }
})

test('another database of the server has logins of its own, which cannot connect to this one', async () => {
  const other = await handOverDatabase(server.serverHandle.admin, { name: 'somebody_else' })
  const { host, port, user, password } = await other.capability.lease('runtime')
  const connect = withClient({ host, port, user, password, database: database.name }, async () => {})
  await assert.rejects(connect, /permission denied/)
  const [mine, theirs] = [await database.capability.describe(), await other.capability.describe()]
  assert.notEqual(mine.epoch, theirs.epoch)
})
