import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { get, type RequestOptions } from 'node:http'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { acceptsAdministrator } from '../administration.ts'
import { ProviderError } from '../provider-error.ts'
import { refusedRecovery } from '../recovery.ts'
import type { AdminConnection, Backend } from './backend.ts'
import { findFreePort } from './free-port.ts'

const DETECTION_TIMEOUT_MS = 1_000
const START_TIMEOUT_MS = 60_000
const ANSWER_TIMEOUT_MS = 2_000
const POLL_MS = 50
const POSTGRES_PORT = 5432

/**
 * Whether a container runtime answers where runtimes listen by default, or where DOCKER_HOST says. Quick and quiet: a
 * plain request, because the runtime's client takes longer to load than a runtime takes to answer.
 */
export async function hasContainerRuntime(): Promise<boolean> {
  const answers = await Promise.all(runtimeAddresses().map(answersAt))
  return answers.includes(true)
}

// What it answers does not matter: a runtime that insists on TLS says so, too.
async function answersAt(address: RequestOptions): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const limit = AbortSignal.timeout(DETECTION_TIMEOUT_MS)
  const request = get({ ...address, path: '/_ping', agent: false, signal: limit }, (response) => {
    response.resume()
    resolve(true)
  })
  request.on('error', () => resolve(false))
  return await promise
}

function runtimeAddresses(): readonly RequestOptions[] {
  const given = process.env.DOCKER_HOST
  if (given !== undefined && URL.canParse(given)) {
    const { protocol, hostname, port, pathname } = new URL(given)
    if (protocol === 'unix:') return [{ socketPath: pathname }]
    return protocol === 'tcp:' || protocol === 'http:' ? [{ host: hostname, port: port || '2375' }] : []
  }
  const sockets = [
    '/var/run/docker.sock',
    join(process.env.XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.() ?? 0}`, 'docker.sock'),
    join(homedir(), '.docker', 'run', 'docker.sock'),
    join(homedir(), '.docker', 'desktop', 'docker.sock'),
  ]
  return sockets.filter((socket) => existsSync(socket)).map((socketPath) => ({ socketPath }))
}

async function connectRuntime() {
  const { getContainerRuntimeClient } = await import('testcontainers')
  return await getContainerRuntimeClient()
}

interface ContainerOptions {
  readonly major: number
  readonly settings: Readonly<Record<string, string>>
  readonly log: (line: string) => void
}

/**
 * Postgres in a container of its own, from the image `postgres:<major>`.
 * @throws ProviderError `BACKEND_UNAVAILABLE` when no runtime answers or the image cannot be started.
 */
export async function createContainerBackend({ major, settings, log }: ContainerOptions): Promise<Backend> {
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql')
  const password = randomBytes(24).toString('base64url')
  const all = { max_connections: '200', ...settings }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  // A port that is bound stays the same when the container starts again; one that the runtime picks does not.
  const boundPort = await findFreePort()
  log(`starting a container of postgres:${major}`)
  const container = await new PostgreSqlContainer(`postgres:${major}`)
    .withUsername('postgres')
    .withPassword(password)
    .withDatabase('postgres')
    .withEnvironment({ POSTGRES_INITDB_ARGS: '--data-checksums --encoding=UTF8 --locale=C' })
    .withExposedPorts({ container: POSTGRES_PORT, host: boundPort })
    .withCommand(['postgres', ...flags])
    .start()
    .catch((cause: unknown) => {
      throw new ProviderError(
        'BACKEND_UNAVAILABLE',
        `No container of postgres:${major} could be started: choose the embedded backend, or pass a database URL.`,
        { cause },
      )
    })
  const admin: AdminConnection = {
    host: container.getHost(),
    port: container.getPort(),
    user: 'postgres',
    password,
    database: 'postgres',
    tls: { mode: 'disable' },
  }
  const processes = (await connectRuntime()).container.getById(container.getId())
  const isInState = async (state: 'Running' | 'Paused') => (await processes.inspect()).State[state]
  return {
    kind: 'container',
    label: 'Postgres in a container',
    reused: false,
    data: 'temporary',
    admin,
    faults: {
      kill: async () => {
        if (await isInState('Paused')) await processes.unpause()
        if (await isInState('Running')) await processes.kill()
      },
      start: async () => {
        if (await isInState('Paused'))
          throw new ProviderError('NOT_RUNNING', 'The server is paused: resume it.')
        if (!(await isInState('Running'))) await processes.start()
        await untilReady(admin)
      },
      pause: async () => {
        if (!(await isInState('Running')))
          throw new ProviderError('NOT_RUNNING', 'The server is down: start it.')
        if (!(await isInState('Paused'))) await processes.pause()
      },
      resume: async () => {
        if (await isInState('Paused')) await processes.unpause()
      },
    },
    recovery: refusedRecovery('a container'),
    stop: async () => {
      if (await isInState('Paused')) await processes.unpause()
      await container.stop()
    },
  }
}

async function untilReady(admin: AdminConnection): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (!(await acceptsAdministrator(admin, ANSWER_TIMEOUT_MS))) {
    if (performance.now() > deadline) {
      throw new ProviderError(
        'SERVER_FAILED',
        `The container was not ready within ${START_TIMEOUT_MS / 1_000} s.`,
      )
    }
    await delay(POLL_MS)
  }
}
