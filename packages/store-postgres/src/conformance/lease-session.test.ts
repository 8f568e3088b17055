// TLS as a lease says it, on a server that takes nothing else [CAP-03].
import { createLocalProvider } from '@user-engine/provider-local'
import type { ConnectionLease } from '@user-engine/store-protocol'
import { afterAll, expect, test } from 'vitest'
import { createPostgresStore } from '../create-postgres-store.ts'
import { migrate } from '../migrations/migrate.ts'
import { openLeaseSession } from './lease-session.ts'

const provider = await createLocalProvider({ backend: 'embedded', tls: true })
const stranger = await createLocalProvider({ backend: 'embedded', tls: true })
afterAll(() => Promise.all([provider.stop(), stranger.stop()]))

const { capability } = await provider.provisionDatabase()
const { tls: strangersTls } = await (await stranger.provisionDatabase()).capability.lease('runtime')
const lease = await capability.lease('runtime')
const IS_TLS = { text: 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()' }

async function connect(changes: Partial<ConnectionLease>) {
  const session = await openLeaseSession({ ...lease, ...changes })
  const rows = await session.query(IS_TLS)
  await session.end()
  return rows
}

function named(serverName: string): ConnectionLease['tls'] {
  if (lease.tls.mode !== 'verify-full') throw new Error('the provider has TLS')
  return { ...lease.tls, serverName }
}

test('chain and name are verified, by address and by name', async () => {
  expect(await connect({})).toEqual([{ ssl: true }])
  expect(await connect({ host: 'localhost' })).toEqual([{ ssl: true }])
  expect(await connect({ tls: named('localhost') })).toEqual([{ ssl: true }])
})

test.each(['127.0.0.1', 'localhost'])(
  'at %s another name than that of the certificate is refused',
  async (host) => {
    await expect(connect({ host, tls: named('db.example') })).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
  },
)

test('an authority that did not sign the certificate is refused, and so is no TLS at all', async () => {
  await expect(connect({ tls: strangersTls })).rejects.toThrow(/certificate/)
  await expect(connect({ tls: { mode: 'disable' } })).rejects.toMatchObject({ code: '28000' })
})

test('migrations and the store use it as well', async () => {
  await migrate({ capability })
  const store = await createPostgresStore({ capability })
  expect((await store.readiness()).status).toBe('ready')
  expect((await store.diagnostics()).facts).toMatchObject({ server: { usesTls: true } })
  await store.close()
})

test('a named statement is prepared once, and what fails says its SQLSTATE', async () => {
  const session = await openLeaseSession(lease)
  const named = { name: 'sum', text: 'SELECT $1::integer + 1 AS sum', values: ['2'] }
  expect(await session.query(named)).toEqual([{ sum: 3 }])
  expect(await session.query(named)).toEqual([{ sum: 3 }])
  expect(
    await session.query({ text: 'SELECT count(*)::integer AS count FROM pg_prepared_statements' }),
  ).toEqual([{ count: 1 }])
  await expect(session.query({ text: 'SELECT 1 / 0' })).rejects.toMatchObject({ code: '22012' })
  await session.end()
})
