// `postmaster.pid` in a data folder says who serves it. Postgres writes it first of all, creates it atomically, and
// refuses to start beside a live one: it is the lock that decides between two who start at once.
import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../../provider-error.ts'
import { isServerOf } from './processes.ts'

export type FolderState =
  | { readonly kind: 'free' }
  /** The file is there, the server it names is not. */
  | { readonly kind: 'stale' }
  /** The file was created a moment ago and says nothing yet. */
  | { readonly kind: 'undecided' }
  | {
      readonly kind: 'served'
      readonly pid: number
      readonly port: number
      readonly phase: 'starting' | 'ready' | 'stopping'
    }

const PID_LINE = 0
const PORT_LINE = 3
const PHASE_LINE = 7

// No system gives a process this id.
const NOBODY = '2147483646'
const EMPTY_FILE_GRACE_MS = 5_000

/** Who serves the data folder at this moment. */
export function inspectDataFolder(dataFolder: string): FolderState {
  const content = read(dataFolder)
  if (content === null) return { kind: 'free' }
  if (content === '') return isOld(dataFolder) ? { kind: 'stale' } : { kind: 'undecided' }
  const lines = content.split('\n')
  const pid = Number(lines[PID_LINE])
  if (!isServerOf(pid, dataFolder)) return { kind: 'stale' }
  const phase = lines[PHASE_LINE]?.trim()
  return {
    kind: 'served',
    pid,
    port: Number(lines[PORT_LINE]),
    phase: phase === 'ready' || phase === 'stopping' ? phase : 'starting',
  }
}

/**
 * Makes a stale file one that Postgres replaces by itself. It does so when the process in it does not exist; one that
 * has ended unnoticed, or that got the same id later, would stop it. The file is not removed: its other lines let
 * Postgres find out whether processes of the dead server still use the shared memory.
 */
export function releaseStaleFile(dataFolder: string): void {
  const file = openOrNull(join(dataFolder, 'postmaster.pid'))
  if (file === null) return
  try {
    // Read and written through one descriptor: a server that starts right now puts a new file in its place, and what
    // is written here goes to the old one.
    const [pid, ...rest] = readFileSync(file, 'utf8').split('\n')
    const isFresh = pid === '' && Date.now() - fstatSync(file).mtimeMs < EMPTY_FILE_GRACE_MS
    if (isFresh || isServerOf(Number(pid), dataFolder)) return
    const content = [NOBODY, ...rest].join('\n')
    ftruncateSync(file)
    writeSync(file, content, 0)
  } finally {
    closeSync(file)
  }
}

function read(dataFolder: string): string | null {
  try {
    return readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

function isOld(dataFolder: string): boolean {
  const stat = statSync(join(dataFolder, 'postmaster.pid'), { throwIfNoEntry: false })
  return stat !== undefined && Date.now() - stat.mtimeMs >= EMPTY_FILE_GRACE_MS
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, 'r+')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}
