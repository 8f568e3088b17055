// What the operating system knows about processes: from /proc where there is one, else from `ps`.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { errorCode } from '../../provider-error.ts'

export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  /** One letter: `T` is stopped, `Z` has ended and waits for its parent to notice. */
  readonly state: string
}

/** Whether a process runs, ours or not. One that has ended does not, also while nobody has asked for its end. */
export function isRunning(pid: number): boolean {
  return exists(pid) && stateOf(pid) !== 'Z'
}

/** Whether this process is a Postgres server, or one of its children, on the given data folder. */
export function isServerOf(pid: number, dataFolder: string): boolean {
  if (!(pid > 0) || !isRunning(pid)) return false
  const stat = readStat(pid)
  if (stat === null) return ps(['-o', 'command=', '-p', String(pid)]).includes('postgres')
  if (!stat.command.startsWith('postgres')) return false
  // What may not be looked into is taken for a server when it is of the right account: better refused than started twice.
  return worksIn(pid, dataFolder) ?? accountOf(`/proc/${pid}`) === accountOf(dataFolder)
}

/** The processes that a server left on its data folder when it ended without them. */
export function orphansOf(dataFolder: string): readonly number[] {
  return listProcesses()
    .map(({ pid }) => pid)
    .filter(
      (pid) => titleOf(pid).startsWith('postgres: ') && isRunning(pid) && worksIn(pid, dataFolder) === true,
    )
}

/** The process and all its descendants, the process first. */
export function processTree(root: number): readonly ProcessEntry[] {
  const all = listProcesses()
  const tree = all.filter(({ pid }) => pid === root)
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid))
  return tree
}

/** Sends a signal to every process that is still there. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    // Zero and below stand for whole groups, our own among them.
    if (!(pid > 0)) continue
    try {
      process.kill(pid, signal)
    } catch (error) {
      // Ended in the meantime.
      if (errorCode(error) !== 'ESRCH') throw error
    }
  }
}

/** All processes of this machine. */
export function listProcesses(): readonly ProcessEntry[] {
  return hasProc() ? listFromProc() : listFromPs()
}

function listFromProc(): readonly ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readStat(Number(name))
      return stat === null ? [] : [{ pid: Number(name), parent: stat.parent, state: stat.state }]
    })
}

/** The same from `ps`, which every Unix has. */
export function listFromPs(): readonly ProcessEntry[] {
  return ps(['-A', '-o', 'pid=,ppid=,stat='])
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([pid, parent, state]) =>
      state === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), state: state.charAt(0) }],
    )
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

function stateOf(pid: number): string {
  return readStat(pid)?.state ?? (hasProc() ? 'Z' : ps(['-o', 'stat=', '-p', String(pid)]).charAt(0))
}

/** Whether the process has this working directory; `null` when it may not be looked into. */
function worksIn(pid: number, folder: string): boolean | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder)
  } catch (error) {
    return errorCode(error) === 'EACCES' ? null : false
  }
}

function accountOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.uid
}

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

function hasProc(): boolean {
  return readStat(process.pid) !== null
}

// The command stands in parentheses and may hold anything; state and parent follow it.
function readStat(
  pid: number,
): { readonly command: string; readonly state: string; readonly parent: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const end = stat.lastIndexOf(')')
    const [state = '', parent] = stat.slice(end + 2).split(' ')
    return { command: stat.slice(stat.indexOf('(') + 1, end), state, parent: Number(parent) }
  } catch {
    return null
  }
}

function ps(args: readonly string[]): string {
  try {
    return execFileSync('ps', [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    // No such process, or no such program: nothing is known.
    return ''
  }
}
