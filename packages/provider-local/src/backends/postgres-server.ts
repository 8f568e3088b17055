import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { ProviderError } from '../provider-error.ts'
import type { AdminConnection } from './backend.ts'
import { assertPortIsFree } from './free-port.ts'
import { isAlive, processTree, signalAll } from './processes.ts'
import type { PostgresPrograms } from './programs.ts'
import type { ServerAccount } from './server-account.ts'

const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 15_000
const POLL_MS = 20

interface PostgresServerOptions {
  readonly programs: PostgresPrograms
  readonly dataFolder: string
  readonly logFile: string
  readonly admin: AdminConnection
  readonly account: ServerAccount | null
  readonly settings: Readonly<Record<string, string>>
}

/** One Postgres server on one data folder, as a process that outlives no orderly end of ours. */
export interface PostgresServer {
  /** Creates the cluster unless there is one. */
  initialise(): Promise<void>
  start(): Promise<void>
  /** Ends it in order: open transactions are rolled back, everything is flushed. */
  stop(): Promise<void>
  kill(): Promise<void>
  pause(): void
  resume(): void
  signal(signal: NodeJS.Signals): void
}

/** The port of the server that runs on this data folder, or `null`. */
export function runningServerPort(dataFolder: string): number | null {
  const lines = postmasterFile(dataFolder)
  const pid = Number(lines[0] ?? Number.NaN)
  const port = Number(lines[3] ?? Number.NaN)
  return pid > 0 && isAlive(pid) && port > 0 ? port : null
}

export function createPostgresServer(options: PostgresServerOptions): PostgresServer {
  return new ChildServer(options)
}

class ChildServer implements PostgresServer {
  readonly #options: PostgresServerOptions

  constructor(options: PostgresServerOptions) {
    this.#options = options
  }

  async initialise(): Promise<void> {
    const { dataFolder, admin, logFile } = this.#options
    if (existsSync(join(dataFolder, 'PG_VERSION'))) return
    const passwordFile = join(dirname(logFile), 'initial-password')
    writeFileSync(passwordFile, admin.password, { mode: 0o644 })
    try {
      const flags = [
        '--encoding=UTF8',
        '--locale=C',
        '--data-checksums',
        '--auth=scram-sha-256',
        `--username=${admin.user}`,
      ]
      await this.#run('initdb', [`--pgdata=${dataFolder}`, `--pwfile=${passwordFile}`, ...flags])
    } finally {
      rmSync(passwordFile, { force: true })
    }
  }

  async start(): Promise<void> {
    const { admin, dataFolder, logFile, settings } = this.#options
    await assertPortIsFree(admin.port)
    this.#forgetDeadServer()
    const all = {
      listen_addresses: admin.host,
      unix_socket_directories: '',
      max_connections: '200',
      ...settings,
    }
    const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const log = openSync(logFile, 'a')
    const child = this.#spawn('postgres', ['-D', dataFolder, '-p', String(admin.port), ...flags], log)
    closeSync(log)
    // Our own process may end while the server stops.
    child.unref()
    await this.#untilReady(child)
  }

  // Postgres takes a zombie that nobody has reaped for a running server and would refuse to start.
  #forgetDeadServer(): void {
    if (this.#pid() === null) rmSync(join(this.#options.dataFolder, 'postmaster.pid'), { force: true })
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const { admin, logFile } = this.#options
    const deadline = performance.now() + START_TIMEOUT_MS
    while (!(await acceptsConnections(admin))) {
      if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline) {
        signalAll(
          [child.pid ?? 0].filter((pid) => pid > 0),
          'SIGQUIT',
        )
        throw new ProviderError(
          'SERVER_FAILED',
          `Postgres did not start: ${lastLine(logFile)} (see ${logFile}).`,
        )
      }
      await delay(POLL_MS)
    }
  }

  async stop(): Promise<void> {
    const pid = this.#pid()
    if (pid === null) return
    signalAll([pid], 'SIGINT')
    if (await untilGone([pid], STOP_TIMEOUT_MS)) return
    await this.kill()
  }

  async kill(): Promise<void> {
    const pid = this.#pid()
    if (pid === null) return
    // Stopped first, so that no process is born between looking and killing.
    signalAll([pid], 'SIGSTOP')
    const tree = processTree(pid)
    signalAll(tree, 'SIGKILL')
    await untilGone(tree, STOP_TIMEOUT_MS)
  }

  pause(): void {
    const pid = this.#pid()
    if (pid === null) return
    signalAll([pid], 'SIGSTOP')
    signalAll(processTree(pid), 'SIGSTOP')
  }

  resume(): void {
    const pid = this.#pid()
    if (pid !== null) signalAll([...processTree(pid)].reverse(), 'SIGCONT')
  }

  signal(signal: NodeJS.Signals): void {
    const pid = this.#pid()
    if (pid !== null) signalAll([pid], signal)
  }

  #pid(): number | null {
    const pid = Number(postmasterFile(this.#options.dataFolder)[0] ?? Number.NaN)
    return pid > 0 && isAlive(pid) ? pid : null
  }

  #run(program: 'initdb', args: readonly string[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const log = openSync(this.#options.logFile, 'a')
    const child = this.#spawn(program, args, log)
    closeSync(log)
    child.once('error', (cause) =>
      reject(new ProviderError('SERVER_FAILED', `${program} cannot be run.`, { cause })),
    )
    child.once('exit', (code) => {
      if (code === 0) resolve()
      else
        reject(new ProviderError('SERVER_FAILED', `${program} failed: ${lastLine(this.#options.logFile)}.`))
    })
    return promise
  }

  #spawn(program: string, args: readonly string[], log: number): ChildProcess {
    const { programs, account, dataFolder } = this.#options
    return spawn(join(programs.folder, 'bin', program), [...args], {
      cwd: dataFolder,
      // A group of its own: Ctrl-C in a terminal is for us, and we stop the server in order.
      detached: true,
      stdio: ['ignore', log, log],
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
      ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
    })
  }
}

async function acceptsConnections(admin: AdminConnection): Promise<boolean> {
  const { host, port, user, password, database } = admin
  const client = new pg.Client({ host, port, user, password, database, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch (error) {
    // A server that knows the administrator by another password is not ours.
    if (error instanceof Error && 'code' in error && error.code === '28P01') {
      throw new ProviderError(
        'SERVER_FAILED',
        `The server on port ${port} does not accept the administrator's password.`,
      )
    }
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

async function untilGone(pids: readonly number[], timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (pids.some(isAlive)) {
    if (performance.now() > deadline) return false
    await delay(POLL_MS)
  }
  return true
}

function postmasterFile(dataFolder: string): readonly string[] {
  try {
    return readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return []
  }
}

function lastLine(file: string): string {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  return lines.at(-1) ?? 'no output'
}
