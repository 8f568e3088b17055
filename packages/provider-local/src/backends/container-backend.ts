import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ProviderError } from '../provider-error.ts'
import type { Backend, BackendFaults } from './backend.ts'

const DETECTION_TIMEOUT_MS = 2_000

/** Whether a container runtime answers. Quick and quiet where there is none. */
export async function hasContainerRuntime(): Promise<boolean> {
  const sockets = [
    '/var/run/docker.sock',
    join(homedir(), '.docker', 'run', 'docker.sock'),
    join(process.env['XDG_RUNTIME_DIR'] ?? '/run', 'podman', 'podman.sock'),
  ]
  if (process.env['DOCKER_HOST'] === undefined && !sockets.some((socket) => existsSync(socket))) return false
  const { getContainerRuntimeClient } = await import('testcontainers')
  const answers = getContainerRuntimeClient().then(
    () => true,
    () => false,
  )
  const { promise: timeout, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), DETECTION_TIMEOUT_MS)
  return await Promise.race([answers, timeout]).finally(() => clearTimeout(timer))
}

interface ContainerOptions {
  readonly major: number
  readonly settings: Readonly<Record<string, string>>
}

/**
 * Postgres in a container of its own.
 * @throws ProviderError `BACKEND_UNAVAILABLE` when no runtime answers or the image cannot be started.
 */
export async function createContainerBackend({ major, settings }: ContainerOptions): Promise<Backend> {
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql')
  const password = randomBytes(18).toString('base64url')
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const container = await new PostgreSqlContainer(`postgres:${major}`)
    .withUsername('postgres')
    .withPassword(password)
    .withDatabase('postgres')
    .withCommand(['postgres', ...flags])
    .start()
    .catch((cause: unknown) => {
      throw new ProviderError('BACKEND_UNAVAILABLE', `No container of postgres:${major} could be started.`, {
        cause,
      })
    })
  const host = container.getHost()
  const port = container.getPort()
  return {
    kind: 'container',
    description: `Postgres ${major} in a container on ${host}:${port}`,
    reused: false,
    admin: { host, port, user: 'postgres', password, database: 'postgres', tls: { mode: 'disable' } },
    faults: await containerFaults(container.getId()),
    stop: async () => {
      await container.stop()
    },
  }
}

async function containerFaults(id: string): Promise<BackendFaults> {
  const { getContainerRuntimeClient } = await import('testcontainers')
  const container = (await getContainerRuntimeClient()).container.getById(id)
  return {
    kill: async () => {
      await container.kill()
    },
    start: async () => {
      await container.start()
    },
    pause: async () => {
      await container.pause()
    },
    resume: async () => {
      await container.unpause()
    },
  }
}
