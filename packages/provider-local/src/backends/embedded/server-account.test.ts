import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { PostgresPrograms } from './programs.ts'
import { canReach, reachablePrograms, type ServerAccount, serverAccount } from './server-account.ts'

const stranger: ServerAccount = { name: 'stranger', uid: 64_999, gid: 64_999 }
const copyName = 'user-engine-postgres-programs-18.0.0-test'
let folder: string
let programs: PostgresPrograms

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'server-account-'))
  chmodSync(folder, 0o711)
  const closed = join(folder, 'closed')
  mkdirSync(join(closed, 'native', 'bin'), { recursive: true })
  mkdirSync(join(closed, 'native', 'lib'))
  writeFileSync(join(closed, 'native', 'bin', 'postgres'), 'program', { mode: 0o755 })
  writeFileSync(join(closed, 'native', 'lib', 'lib.so.1'), 'library')
  symlinkSync('lib.so.1', join(closed, 'native', 'lib', 'lib.so'))
  chmodSync(closed, 0o700)
  programs = { version: '18.0.0-test', major: 18, folder: join(closed, 'native') }
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('an account reaches what every folder above is open to', () => {
  expect(canReach(null, join(folder, 'closed', 'anything'))).toBe(true)
  expect(canReach(stranger, join(folder, 'not', 'there', 'yet'))).toBe(true)
  expect(canReach(stranger, join(folder, 'closed', 'data'))).toBe(false)
  expect(canReach({ ...stranger, uid: process.getuid?.() ?? 0 }, join(folder, 'closed', 'data'))).toBe(true)
})

test('programs that the account reaches are used where they are', () => {
  expect(reachablePrograms(null, programs, folder)).toBe(programs)
  chmodSync(join(folder, 'closed'), 0o755)
  expect(reachablePrograms(stranger, programs, folder)).toBe(programs)
})

test('programs out of reach are copied once, with their links', () => {
  const copy = reachablePrograms(stranger, programs, folder)
  expect(copy.folder).toBe(join(folder, copyName))
  expect(canReach(stranger, join(copy.folder, 'bin', 'postgres'))).toBe(true)
  expect(readFileSync(join(copy.folder, 'bin', 'postgres'), 'utf8')).toBe('program')
  expect(readlinkSync(join(copy.folder, 'lib', 'lib.so'))).toBe('lib.so.1')
  writeFileSync(join(copy.folder, 'marker'), '')
  reachablePrograms(stranger, programs, folder)
  expect(existsSync(join(copy.folder, 'marker'))).toBe(true)
  expect(readdirSync(folder).sort()).toEqual(['closed', copyName])
})

test('a copy that others can write is not executed, and a copy out of reach as well is refused', () => {
  mkdirSync(join(folder, copyName))
  chmodSync(join(folder, copyName), 0o777)
  expect(() => reachablePrograms(stranger, programs, folder)).toThrow(
    expect.objectContaining({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('belongs to somebody else'),
    }),
  )
  expect(() => reachablePrograms(stranger, programs, join(folder, 'closed'))).toThrow(
    expect.objectContaining({ code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining('TMPDIR') }),
  )
})

test('an ordinary account runs the server itself; for root there is another, and data keeps its owner', () => {
  const isRoot = process.getuid?.() === 0
  const account = serverAccount(join(folder, 'not-there'))
  expect(account === null).toBe(!isRoot)
  expect(account?.uid).not.toBe(0)
  if (isRoot) chownSync(folder, stranger.uid, stranger.gid)
  expect(serverAccount(folder)?.uid).toBe(isRoot ? stranger.uid : undefined)
})
