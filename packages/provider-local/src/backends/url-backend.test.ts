import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createUrlBackend, parseDatabaseUrl } from './url-backend.ts'

test('reads an address with everything, and one with the least', () => {
  expect(parseDatabaseUrl('postgres://al%40ice:p%2Fw@db.example:6543/main')).toEqual({
    host: 'db.example',
    port: 6543,
    user: 'al@ice',
    password: 'p/w',
    database: 'main',
    tls: { mode: 'disable' },
  })
  expect(parseDatabaseUrl('postgresql://[::1]')).toEqual({
    host: '::1',
    port: 5432,
    user: 'postgres',
    password: '',
    database: 'postgres',
    tls: { mode: 'disable' },
  })
})

test('verifies the whole chain, or nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'url-backend-'))
  const certificate = join(folder, 'root.pem')
  writeFileSync(certificate, 'certificate')
  const url = `postgres://db.example/main?sslmode=verify-full&sslrootcert=${encodeURIComponent(certificate)}`
  expect(parseDatabaseUrl(url).tls).toEqual({ mode: 'verify-full', ca: 'certificate' })
  rmSync(folder, { recursive: true })
  expect(() => parseDatabaseUrl(url)).toThrow(/cannot be read/)
  expect(() => parseDatabaseUrl('postgres://db.example/main?sslmode=require')).toThrow(/verify-full/)
})

test.each([
  'mysql://user:hush@host/db',
  'postgres:///db',
  'host=localhost password=hush',
  'postgres://user:hush%ZZ@host/db',
])('refuses what is no address of Postgres, without repeating it', (url) => {
  expect(() => createUrlBackend(url)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.not.stringContaining('hush') }),
  )
})
