// One Postgres server on one data folder, which belongs to one server at a time: whoever comes second uses the server
// that is there. Postgres itself decides who was first.
//
//   closed  -> running           open: starts a server, or finds one
//   running -> down              kill: what a crash leaves behind
//   down    -> running           start
//   running -> paused -> running pause, resume
//   any     -> stopped           stop: ends the server if we started it
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { acceptsAdministrator, asAdministrator } from '../../administration.ts'
import { ProviderError } from '../../provider-error.ts'
import type { AdminConnection } from '../backend.ts'
import { assertPortIsFree, findFreePort, isPortFree } from '../free-port.ts'
import type { DataFolder } from './data-folder.ts'
import { ADMINISTRATOR, initialiseCluster } from './initialise-cluster.ts'
import { type FolderState, inspectDataFolder, releaseStaleFile } from './postmaster-file.ts'
import { isRunning, orphansOf, processTree, signalAll } from './processes.ts'
import { type ProgramContext, type RunningProgram, runProgram } from './run-program.ts'
import type { ServerGuard } from './server-guard.ts'
import { createServerTls, type ServerTls, tlsOfServer } from './server-tls.ts'

const HOST = '127.0.0.1'
const OPEN_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 15_000
const ORPHAN_GRACE_MS = 2_000
const BEREFT_GRACE_MS = 5_000
const ANSWER_TIMEOUT_MS = 2_000
const POLL_MS = 10
const PORT_ATTEMPTS = 5

interface PostgresServerOptions {
  readonly data: DataFolder
  readonly context: ProgramContext
  readonly temporary: boolean
  readonly settings: Readonly<Record<string, string>>
  /** Whether it follows another server until it is promoted. */
  readonly isStandby: boolean
  /** Whether a server that is started speaks TLS, and nothing else. */
  readonly tls: boolean
  readonly guard: () => ServerGuard
  readonly log: (line: string) => void
}

export interface PostgresServer {
  /** Starts a server on the port (default: a free one), or finds the one that serves the data folder. */
  open(port: number | undefined): Promise<{ readonly port: number; readonly reused: boolean }>
  start(): Promise<void>
  /** Ends in order what we started: open transactions are rolled back, everything is flushed. */
  stop(): Promise<void>
  kill(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
  /** Makes a standby take writes. @throws ProviderError `SERVER_FAILED`. */
  promote(): Promise<void>
  /** How the administrator reaches it on this port. */
  admin(port: number): AdminConnection
}

export function createPostgresServer(options: PostgresServerOptions): PostgresServer {
  return new ChildServer(options)
}

class ChildServer implements PostgresServer {
  readonly #options: PostgresServerOptions
  #guard: ServerGuard | null = null
  #own: RunningProgram | null = null
  #tls: ServerTls | null = null
  #port = 0
  #isStandby: boolean

  constructor(options: PostgresServerOptions) {
    this.#options = options
    this.#isStandby = options.isStandby
  }

  async open(port: number | undefined): Promise<{ readonly port: number; readonly reused: boolean }> {
    const { data, context, temporary } = this.#options
    const start = performance.now()
    if (temporary) this.#guard = this.#options.guard()
    for (;;) {
      const state = inspectDataFolder(data.cluster)
      const elapsed = performance.now() - start
      if (state.kind === 'served') {
        // A server whose owner has just died is about to be ended by its guard; one that stays has none.
        const isLeaving =
          state.phase === 'stopping' || (elapsed < BEREFT_GRACE_MS && !this.#hasOwner(state.pid))
        if (!isLeaving && (await this.#adopt(state.port))) return { port: state.port, reused: true }
      } else if (state.kind !== 'undecided') {
        if (port !== undefined && !(await this.#isVacant(port))) continue
        await initialiseCluster({ data, context, temporary })
        if (await this.#launchOnFirstFree(port)) return { port: this.#port, reused: false }
      }
      if (elapsed > OPEN_TIMEOUT_MS) throw unanswered(state, data.path)
      await delay(POLL_MS)
    }
  }

  async start(): Promise<void> {
    const { data } = this.#options
    const state = inspectDataFolder(data.cluster)
    if (state.kind === 'served' && state.phase === 'ready') {
      if (isPaused(state.pid)) throw new ProviderError('NOT_RUNNING', 'The server is paused: resume it.')
      return
    }
    await this.#untilVacant()
    if (!(await this.#launch(this.#port))) {
      throw new ProviderError('SERVER_FAILED', `Another process started a server on ${data.path} just now.`)
    }
  }

  async stop(): Promise<void> {
    if (this.#own !== null && !this.#own.hasEnded) {
      const { pid } = this.#own
      await this.resume()
      signalAll([pid], 'SIGINT')
      if (!(await isGoneWithin([pid], STOP_TIMEOUT_MS))) await this.kill()
      // What it said last is read from a log that may be removed after this.
      await this.#own.untilEnded()
    }
    this.#own = null
    this.#tls?.remove()
    this.#tls = null
    this.#dismissGuard()
  }

  async kill(): Promise<void> {
    const pid = this.#servingPid()
    if (pid === null) return
    // Stopped first, so that no process is born between looking and killing.
    await isPausedWithin(pid, STOP_TIMEOUT_MS)
    const pids = processTree(pid).map((entry) => entry.pid)
    signalAll(pids, 'SIGKILL')
    if (!(await isGoneWithin(pids, STOP_TIMEOUT_MS))) {
      throw new ProviderError('SERVER_FAILED', 'Processes of the server are still there after SIGKILL.')
    }
  }

  async pause(): Promise<void> {
    const pid = this.#servingPid()
    if (pid === null) throw new ProviderError('NOT_RUNNING', 'The server is down: start it.')
    if (!(await isPausedWithin(pid, STOP_TIMEOUT_MS))) {
      throw new ProviderError('SERVER_FAILED', 'The processes of the server cannot be paused.')
    }
  }

  async resume(): Promise<void> {
    const pid = this.#servingPid()
    if (pid === null) return
    signalAll(
      processTree(pid)
        .map((entry) => entry.pid)
        .reverse(),
      'SIGCONT',
    )
  }

  async promote(): Promise<void> {
    const admin = this.admin(this.#port)
    const { data } = this.#options
    const isPromoted = await asAdministrator(admin, admin.database, async (client) => {
      const { rows } = await client.query<{ promoted: boolean }>('SELECT pg_promote(true, $1) AS promoted', [
        OPEN_TIMEOUT_MS / 1_000,
      ])
      return rows[0]?.promoted === true
    })
    if (!isPromoted)
      throw new ProviderError('SERVER_FAILED', `The standby was not promoted in time (see ${data.logFile}).`)
    this.#isStandby = false
  }

  admin(port: number): AdminConnection {
    const { administratorPassword: password, cluster } = this.#options.data
    return {
      host: HOST,
      port,
      user: ADMINISTRATOR,
      password,
      database: 'postgres',
      tls: tlsOfServer(cluster),
    }
  }

  async #adopt(port: number): Promise<boolean> {
    const admin = this.admin(port)
    if (!(await acceptsAdministrator(admin, ANSWER_TIMEOUT_MS))) return false
    this.#assertTls(admin)
    this.#port = port
    this.#dismissGuard()
    const { data, log } = this.#options
    log(`using the server that runs on ${data.path}: its port is ${port}, its settings are its own`)
    return true
  }

  #assertTls({ tls }: AdminConnection): void {
    const { tls: wanted, data } = this.#options
    if (!wanted || tls.mode === 'verify-full') return
    throw new ProviderError(
      'NOT_SUPPORTED',
      `The server that runs on ${data.path} was started without TLS: end it, or choose another data folder.`,
    )
  }

  /** Whether the process that started the server is still there: it is then the parent of the server. */
  #hasOwner(serverPid: number): boolean {
    return processTree(serverPid)[0]?.parent === readOwner(this.#options.data.ownerFile)
  }

  async #launchOnFirstFree(port: number | undefined): Promise<boolean> {
    if (port !== undefined) return await this.#launch(port)
    for (let attempt = 1; ; attempt += 1) {
      const candidate = await findFreePort()
      try {
        return await this.#launch(candidate)
      } catch (error) {
        // Between finding a port and listening on it there is time for somebody else.
        const isTaken = error instanceof ProviderError && error.code === 'PORT_IN_USE'
        if (!isTaken || attempt === PORT_ATTEMPTS) throw error
      }
    }
  }

  /** Starts a server; `false` when somebody else was quicker to start one on this data folder. */
  async #launch(port: number): Promise<boolean> {
    const { data, context, settings, tls, log } = this.#options
    if (!(await this.#isVacant(port))) return false
    await this.#endOrphans()
    releaseStaleFile(data.cluster)
    if (tls) this.#tls ??= await createServerTls(data, context.account)
    const flags = settingFlags({ ...settings, ...this.#tls?.settings })
    const args = ['-D', data.cluster, '-p', String(port), ...flags]
    this.#guard ??= this.#options.guard()
    const program = runProgram('postgres', args, { ...context, folder: data.cluster })
    program.letGo()
    this.#guard.watch(program.pid)
    this.#own = program
    if (await this.#isReady(program, port)) {
      this.#port = port
      log(`started a server on ${data.path}, port ${port}`)
      return true
    }
    this.#guard.watch(0)
    const { kind } = inspectDataFolder(data.cluster)
    // Whoever was quicker may not have written into the file yet.
    if (kind === 'served' || kind === 'undecided') return false
    if (!(await isPortFree(port))) await assertPortIsFree(port)
    throw new ProviderError(
      'SERVER_FAILED',
      `Postgres did not start: ${program.failure ?? 'it ended at once'} (see ${data.logFile}).`,
    )
  }

  /** Whether we may listen there; `false` when a server of this data folder does. */
  async #isVacant(port: number): Promise<boolean> {
    try {
      await assertPortIsFree(port)
      return true
    } catch (error) {
      if (this.#servingPid() !== null) return false
      throw error
    }
  }

  async #isReady(program: RunningProgram, port: number): Promise<boolean> {
    const { data } = this.#options
    const deadline = performance.now() + OPEN_TIMEOUT_MS
    while (!program.hasEnded) {
      const state = inspectDataFolder(data.cluster)
      const isUp = state.kind === 'served' && state.pid === program.pid && state.phase === 'ready'
      if (isUp && (await this.#serves(port))) {
        writeFileSync(data.ownerFile, String(process.pid))
        return true
      }
      if (performance.now() > deadline) {
        signalAll([program.pid], 'SIGQUIT')
        await isGoneWithin([program.pid], STOP_TIMEOUT_MS)
        throw new ProviderError(
          'SERVER_FAILED',
          `Postgres was not ready within ${OPEN_TIMEOUT_MS / 1_000} s (see ${data.logFile}).`,
        )
      }
      await delay(POLL_MS)
    }
    return false
  }

  /** Whether it answers, and, unless it follows another server, takes writes: one that is being restored does not yet. */
  async #serves(port: number): Promise<boolean> {
    const admin = this.admin(port)
    if (!(await acceptsAdministrator(admin, ANSWER_TIMEOUT_MS))) return false
    if (this.#isStandby) return true
    const query = 'SELECT pg_is_in_recovery() AS restoring'
    return await asAdministrator(admin, admin.database, async (client) => {
      const { rows } = await client.query<{ restoring: boolean }>(query)
      return rows[0]?.restoring === false
      // It may end just now, and then says why.
    }).catch(() => false)
  }

  // A server that is on its way out still holds the folder.
  async #untilVacant(): Promise<void> {
    const deadline = performance.now() + STOP_TIMEOUT_MS
    while (this.#servingPid() !== null && performance.now() < deadline) await delay(POLL_MS)
  }

  // The processes of a server that died alone end by themselves at their next wait; one that never waits does not.
  async #endOrphans(): Promise<void> {
    const { cluster } = this.#options.data
    const orphans = () => (this.#servingPid() === null ? orphansOf(cluster) : [])
    const deadline = performance.now() + ORPHAN_GRACE_MS
    while (orphans().length > 0 && performance.now() < deadline) await delay(POLL_MS)
    const left = orphans()
    signalAll(left, 'SIGKILL')
    await isGoneWithin(left, ORPHAN_GRACE_MS)
  }

  #dismissGuard(): void {
    this.#guard?.dismiss()
    this.#guard = null
  }

  #servingPid(): number | null {
    const own = this.#own
    // The system knows of its end before our event loop does.
    if (own !== null && !own.hasEnded && isRunning(own.pid)) return own.pid
    const state = inspectDataFolder(this.#options.data.cluster)
    return state.kind === 'served' ? state.pid : null
  }
}

function readOwner(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    // Not written yet.
    return 0
  }
}

function settingFlags(settings: Readonly<Record<string, string>>): readonly string[] {
  const all = { listen_addresses: HOST, unix_socket_directories: '', max_connections: '200', ...settings }
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

// A process may be born while its parent is being stopped, so this looks again until all there are stand still.
async function isPausedWithin(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const tree = processTree(pid)
    if (tree.every(({ state }) => state === 'T' || state === 'Z')) return true
    if (performance.now() > deadline) return false
    signalAll(
      tree.map((entry) => entry.pid),
      'SIGSTOP',
    )
    await delay(POLL_MS)
  }
}

function isPaused(pid: number): boolean {
  return processTree(pid)[0]?.state === 'T'
}

async function isGoneWithin(pids: readonly number[], timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (pids.some(isRunning)) {
    if (performance.now() > deadline) return false
    await delay(POLL_MS)
  }
  return true
}

function unanswered(state: FolderState, path: string): ProviderError {
  const who =
    state.kind === 'served' ? `The server that runs on ${path} (process ${state.pid})` : `A server on ${path}`
  return new ProviderError(
    'BACKEND_UNAVAILABLE',
    `${who} does not answer: end it, or choose another data folder.`,
  )
}
