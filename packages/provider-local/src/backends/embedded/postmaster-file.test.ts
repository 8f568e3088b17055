import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inspectDataFolder, releaseStaleFile } from './postmaster-file.ts'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postmaster-file-'))
  file = join(folder, 'postmaster.pid')
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const rest = '/data\n1700000000\n54321\n\n127.0.0.1\n  123456  7\nready   \n'

test('no file: the folder is free, and there is nothing to release', () => {
  expect(inspectDataFolder(folder)).toEqual({ kind: 'free' })
  releaseStaleFile(folder)
  expect(inspectDataFolder(folder)).toEqual({ kind: 'free' })
})

test('a process that is no server of this folder: stale, and released without losing the shared memory key', () => {
  writeFileSync(file, `${process.pid}\n${rest}`)
  expect(inspectDataFolder(folder)).toEqual({ kind: 'stale' })
  releaseStaleFile(folder)
  const [pid, ...others] = readFileSync(file, 'utf8').split('\n')
  expect(() => process.kill(Number(pid), 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }))
  expect(others.join('\n')).toBe(rest)
})

test('an empty file: undecided while it is new, stale when nobody has written to it for long', () => {
  writeFileSync(file, '')
  expect(inspectDataFolder(folder)).toEqual({ kind: 'undecided' })
  releaseStaleFile(folder)
  expect(readFileSync(file, 'utf8')).toBe('')
  const longAgo = new Date(Date.now() - 60_000)
  utimesSync(file, longAgo, longAgo)
  expect(inspectDataFolder(folder)).toEqual({ kind: 'stale' })
  releaseStaleFile(folder)
  expect(readFileSync(file, 'utf8')).not.toBe('')
})
