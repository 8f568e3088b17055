import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

/** A real nats-server with JetStream, whose process is in a test's hands. */
export interface NatsServer {
  readonly url: string
  /** Kills it as if the machine had gone; what it acknowledged stays on disk. */
  kill(): Promise<void>
  /** Starts it again on the same port and folder. Nothing to do when it runs. */
  start(): Promise<void>
  /** Stops it in its tracks: connections stay open, and nothing answers. Resolves when it has stopped. */
  pause(): Promise<void>
  resume(): void
  /** Kills it and removes its folder. */
  dispose(): Promise<void>
}

/** Why there is no nats-server here, or null. */
export async function findNoNatsServer(): Promise<string | null> {
  const child = spawn('nats-server', ['--version'], { stdio: 'ignore' })
  // `once` rejects when the program cannot be started.
  const found = await once(child, 'exit').then(
    ([code]) => code === 0,
    () => false,
  )
  return found ? null : 'nats-server is not on the PATH; install the Debian package nats-server'
}

/** Starts a server on a free port, with a folder of its own. */
export async function startNatsServer(): Promise<NatsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'nats-'))
  const port = await freePort()
  let child = await spawnServer(port, folder)
  const isRunning = () => child.exitCode === null && child.signalCode === null
  const kill = async () => {
    if (!isRunning()) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  return {
    url: `nats://127.0.0.1:${port}`,
    kill,
    async start() {
      if (!isRunning()) child = await spawnServer(port, folder)
    },
    async pause() {
      child.kill('SIGSTOP')
      while (!threadStates(child.pid ?? 0).every((state) => state === 'T')) await delay(1)
    },
    resume: () => void child.kill('SIGCONT'),
    async dispose() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** How the threads of a process are: `T` is stopped. A signal reaches one after the other. */
function threadStates(pid: number): string[] {
  const threads = `/proc/${pid}/task`
  if (!existsSync(threads)) {
    return [
      execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' })
        .trim()
        .charAt(0),
    ]
  }
  return readdirSync(threads).map(
    (thread) => readFileSync(`${threads}/${thread}/stat`, 'utf8').split(') ').at(-1)?.charAt(0) ?? '',
  )
}

async function spawnServer(port: number, folder: string): Promise<ChildProcess> {
  const options = ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', folder]
  const child = spawn('nats-server', options, { stdio: ['ignore', 'ignore', 'pipe'] })
  const lines = createInterface({ input: child.stderr })
  for await (const line of lines) {
    if (!line.includes('Server is ready')) continue
    // The pipe must go on being emptied.
    child.stderr.resume()
    return child
  }
  throw new Error(`nats-server did not start on port ${port}`)
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
