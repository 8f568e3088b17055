// TLS as it is meant to be: a chain and a name that are verified, and no way in without.
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ConnectionLease } from '../../capability.ts'
import { connectWith, queryWith } from '../../testing/connect.ts'
import { useDataFolder } from '../../testing/data-folder.ts'
import { createCertificateAuthority } from '../../tls/certificate-authority.ts'

const data = useDataFolder()
const IS_TLS = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'

function withTls(lease: ConnectionLease, changes: { readonly ca?: string; readonly serverName?: string }) {
  if (lease.tls.mode !== 'verify-full') throw new Error('the lease has no TLS')
  return { ...lease, tls: { ...lease.tls, ...changes } }
}

test('leases say verify-full, and chain and name are really verified', async () => {
  data.fill()
  const provider = await data.open({ tls: true })
  const { capability } = await provider.provisionDatabase()
  const lease = await capability.lease('runtime')
  expect(await queryWith(lease, IS_TLS)).toEqual([{ ssl: true }])
  for (const host of ['localhost', '127.0.0.1']) {
    const there = { ...lease, host }
    expect(await queryWith(withTls(there, { serverName: 'localhost' }), IS_TLS)).toEqual([{ ssl: true }])
    await expect(connectWith(withTls(there, { serverName: 'db.example' }))).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
  }
  const stranger = await createCertificateAuthority()
  await expect(connectWith(withTls(lease, { ca: stranger.certificate }))).rejects.toThrow(/certificate/)
  await expect(connectWith({ ...lease, tls: { mode: 'disable' } })).rejects.toMatchObject({ code: '28000' })
})

test('a killed server comes back with its certificate; nothing of it is left in the end', async () => {
  data.fill()
  const provider = await data.open({ tls: true })
  const { capability } = await provider.provisionDatabase()
  const lease = await capability.lease('runtime')
  await provider.faults.kill()
  await provider.faults.start()
  expect(await queryWith(lease, IS_TLS)).toEqual([{ ssl: true }])
  await provider.stop()
  expect(readdirSync(data.dataDir).filter((entry) => entry.startsWith('tls'))).toEqual([])
})

test('whoever comes second finds out by itself; a server without TLS is not taken for one', async () => {
  data.fill()
  const owner = await data.openElsewhere({ tls: true })
  const guest = await data.open()
  expect(guest.backend.reused).toBe(true)
  const { capability } = await guest.provisionDatabase({ name: 'program' })
  expect(await queryWith(await capability.lease('relay'), IS_TLS)).toEqual([{ ssl: true }])
  owner.child.kill('SIGKILL')
  await owner.ended()
  await guest.stop()
  const heir = await data.open()
  expect(heir.backend.reused).toBe(false)
  expect(heir.serverHandle.admin.tls).toEqual({ mode: 'disable' })
  await expect(data.open({ tls: true })).rejects.toMatchObject({
    code: 'NOT_SUPPORTED',
    message: expect.stringContaining('was started without TLS'),
  })
})

test('TLS is given to an embedded server only', async () => {
  await expect(data.open({ backend: 'url', tls: true })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})
