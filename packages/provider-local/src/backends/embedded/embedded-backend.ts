import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Backend } from '../backend.ts'
import { clusterPath, openDataFolder } from './data-folder.ts'
import { createPostgresServer } from './postgres-server.ts'
import { findPrograms, type PostgresPrograms } from './programs.ts'
import { assertAccount, reachablePrograms, serverAccount } from './server-account.ts'
import { startServerGuard } from './server-guard.ts'

export interface EmbeddedOptions {
  readonly dataDir: string | undefined
  readonly port: number | undefined
  readonly major: number | undefined
  readonly settings: Readonly<Record<string, string>>
  readonly log: (line: string) => void
}

/**
 * Postgres as a process of this machine, listening on 127.0.0.1: a new one, or the one that serves the data folder.
 * @throws ProviderError `FOLDER_NOT_WRITABLE`, `PORT_IN_USE`, `BACKEND_UNAVAILABLE`, `SERVER_FAILED`, `NOT_SUPPORTED`.
 */
export async function createEmbeddedBackend(options: EmbeddedOptions): Promise<Backend> {
  const programs = findPrograms(options.major)
  if (options.dataDir !== undefined) {
    return await openBackend({ path: resolve(options.dataDir), temporary: false, programs, options })
  }
  const path = mkdtempSync(join(tmpdir(), 'user-engine-postgres-'))
  try {
    // Only root runs the server under another account, which has to pass through.
    if (process.getuid?.() === 0) chmodSync(path, 0o711)
    return await openBackend({ path, temporary: true, programs, options })
  } catch (error) {
    rmSync(path, { recursive: true, force: true })
    throw error
  }
}

async function openBackend(input: {
  readonly path: string
  readonly temporary: boolean
  readonly programs: PostgresPrograms
  readonly options: EmbeddedOptions
}): Promise<Backend> {
  const { path, temporary, programs, options } = input
  const cluster = clusterPath(path)
  const account = serverAccount(cluster)
  assertAccount(account)
  const data = openDataFolder(path, account)
  const server = createPostgresServer({
    data,
    context: { programs: reachablePrograms(account, programs), account, logFile: data.logFile },
    temporary,
    settings: options.settings,
    guard: () => startServerGuard({ dataFolder: cluster, temporaryFolder: temporary ? path : null }),
    log: options.log,
  })
  try {
    const { port, reused } = await server.open(options.port)
    return {
      kind: 'embedded',
      label: 'embedded Postgres',
      reused,
      data: temporary ? 'temporary' : 'kept',
      admin: server.admin(port),
      faults: {
        kill: () => server.kill(),
        start: () => server.start(),
        pause: () => server.pause(),
        resume: () => server.resume(),
      },
      stop: async () => {
        await server.stop()
        if (temporary) rmSync(path, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}
