import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import type { PostgresPrograms } from './programs.ts'
import type { ServerAccount } from './server-account.ts'

const MAX_LOG_BYTES = 8 * 1024 * 1024

export interface ProgramContext {
  readonly programs: PostgresPrograms
  readonly account: ServerAccount | null
  readonly logFile: string
}

export interface RunningProgram {
  readonly pid: number
  /** Why it ended: `null` while it runs, and for a good end. */
  readonly failure: string | null
  readonly hasEnded: boolean
  /** Our own process may end while it runs. */
  letGo(): void
  /** Waits for its end, also after it was let go. */
  untilEnded(): Promise<void>
}

/** Runs one of Postgres' programs under the server's account; what it says goes to the log file. */
export function runProgram(
  name: 'initdb' | 'postgres',
  args: readonly string[],
  context: ProgramContext & { readonly folder: string },
): RunningProgram {
  return new Program(name, args, context)
}

class Program implements RunningProgram {
  readonly #ended: Promise<void>
  readonly #child: ChildProcess
  readonly #logFile: string
  readonly #logStart: number
  #failure: string | null = null
  #hasEnded = false

  constructor(
    name: string,
    args: readonly string[],
    { programs, account, logFile, folder }: ProgramContext & { readonly folder: string },
  ) {
    this.#logFile = logFile
    this.#logStart = makeRoom(logFile)
    const log = openSync(logFile, 'a', 0o600)
    this.#child = spawn(join(programs.folder, 'bin', name), [...args], {
      cwd: folder,
      // A group of its own: Ctrl-C in a terminal is for us, and we stop the server in order.
      detached: true,
      stdio: ['ignore', log, log],
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
      ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
    })
    closeSync(log)
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', () => {
        this.#end(`${name} cannot be executed on this system`)
        resolve()
      })
      this.#child.once('exit', (code) => {
        this.#end(code === 0 ? null : this.#lastWords())
        resolve()
      })
    })
  }

  letGo(): void {
    this.#child.unref()
  }

  untilEnded(): Promise<void> {
    // What nothing keeps alive would end our own process in the middle of waiting.
    this.#child.ref()
    return this.#ended
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get failure(): string | null {
    return this.#failure
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  #end(failure: string | null): void {
    this.#failure = failure
    this.#hasEnded = true
  }

  #lastWords(): string {
    const lines = readFileSync(this.#logFile).subarray(this.#logStart).toString('utf8').trim().split('\n')
    const complaint = lines.findLast(isComplaint) ?? lines.at(-1) ?? ''
    return complaint.replace(/^.*?\b(FATAL|PANIC|error):\s*/, '') || 'it said nothing'
  }
}

/** What a server tells a client that comes too early or too late is no reason for its end. */
function isComplaint(line: string): boolean {
  return /\b(FATAL|PANIC|error):/.test(line) && !/FATAL:\s+the database system is /.test(line)
}

// Where this run's words begin. A log that has grown over years of restarts begins anew.
function makeRoom(logFile: string): number {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0
  if (size <= MAX_LOG_BYTES) return size
  truncateSync(logFile)
  return 0
}
