// Postgres as a child process on 127.0.0.1. The data folder belongs to one server at a time: whoever comes second uses
// the server that is already there and leaves it running.
//
//   stopped -> starting -> running -> stopped       start, stop
//   running -> stopped                              kill: what a crash leaves behind
//   running -> paused -> running                    pause, resume
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ProviderError } from '../provider-error.ts'
import type { AdminConnection, Backend } from './backend.ts'
import { findFreePort } from './free-port.ts'
import { createPostgresServer, type PostgresServer, runningServerPort } from './postgres-server.ts'
import { findPrograms, type PostgresPrograms } from './programs.ts'
import { canReach, canWrite, reachablePrograms, type ServerAccount, serverAccount } from './server-account.ts'
import { withStartLock } from './start-lock.ts'

interface EmbeddedOptions {
  readonly dataDir: string | undefined
  readonly port: number | undefined
  readonly major: number | undefined
  readonly settings: Readonly<Record<string, string>>
}

/**
 * Starts a server, or finds the one that already runs on the data folder.
 * @throws ProviderError `FOLDER_NOT_WRITABLE`, `PORT_IN_USE`, `BACKEND_UNAVAILABLE`, `SERVER_FAILED`.
 */
export async function createEmbeddedBackend(options: EmbeddedOptions): Promise<Backend> {
  const programs = findPrograms(options.major)
  if (options.dataDir !== undefined) return await openBackend(resolve(options.dataDir), programs, options)
  const temporaryFolder = mkdtempSync(join(tmpdir(), 'user-engine-postgres-'))
  try {
    chmodSync(temporaryFolder, 0o755)
    return await openBackend(temporaryFolder, programs, options)
  } catch (error) {
    rmSync(temporaryFolder, { recursive: true, force: true })
    throw error
  }
}

async function openBackend(
  folder: string,
  programs: PostgresPrograms,
  options: EmbeddedOptions,
): Promise<Backend> {
  const dataFolder = join(folder, 'pgdata')
  const account = serverAccount(dataFolder)
  prepareFolder(folder, account)
  return await withStartLock(folder, async () => {
    const port = runningServerPort(dataFolder)
    const admin = adminOf(folder, port ?? options.port ?? (await findFreePort()))
    const server = createPostgresServer({
      programs: { ...programs, folder: reachablePrograms(account, programs.folder, programs.version) },
      dataFolder,
      logFile: join(folder, 'server.log'),
      admin,
      account,
      settings: options.settings,
    })
    if (port === null) {
      await server.initialise()
      await server.start()
    }
    const temporaryFolder = options.dataDir === undefined ? folder : null
    return backendOf({ server, admin, version: programs.version, reused: port !== null, temporaryFolder })
  })
}

function backendOf(input: {
  readonly server: PostgresServer
  readonly admin: AdminConnection
  readonly version: string
  readonly reused: boolean
  readonly temporaryFolder: string | null
}): Backend {
  const { server, admin, version, reused, temporaryFolder } = input
  // If this process ends without stopping the server, nobody else will.
  const stopWithUs = () => server.signal('SIGINT')
  if (!reused) process.once('exit', stopWithUs)
  return {
    kind: 'embedded',
    description: `embedded Postgres ${version.replace(/-.*/, '')} on ${admin.host}:${admin.port}`,
    reused,
    admin,
    faults: {
      kill: () => server.kill(),
      start: () => server.start(),
      pause: async () => server.pause(),
      resume: async () => server.resume(),
    },
    async stop() {
      if (reused) return
      process.off('exit', stopWithUs)
      server.resume()
      await server.stop()
      if (temporaryFolder !== null) rmSync(temporaryFolder, { recursive: true, force: true })
    },
  }
}

function prepareFolder(folder: string, account: ServerAccount | null): void {
  if (!canWrite(folder)) {
    throw new ProviderError(
      'FOLDER_NOT_WRITABLE',
      `The data folder ${folder} cannot be written: choose another one.`,
    )
  }
  if (!canReach(account, join(folder, 'pgdata'))) {
    throw new ProviderError(
      'FOLDER_NOT_WRITABLE',
      `Postgres does not run as root, and the account ${account?.name} cannot enter the folders above ${folder}: choose a data folder elsewhere.`,
    )
  }
  mkdirSync(folder, { recursive: true })
  const dataFolder = join(folder, 'pgdata')
  if (!existsSync(dataFolder)) mkdirSync(dataFolder, { mode: 0o700 })
  if (account !== null) chownSync(dataFolder, account.uid, account.gid)
}

// The one secret that outlives a run: without it the cluster could not be administered at the next start.
function adminOf(folder: string, port: number): AdminConnection {
  const file = join(folder, 'administrator-password')
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 })
  const password = readFileSync(file, 'utf8')
  return {
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    tls: { mode: 'disable' },
  }
}
