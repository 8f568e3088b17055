import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { refusedRecovery } from '../../recovery.ts'
import type { Backend } from '../backend.ts'
import { clusterPath, openDataFolder } from './data-folder.ts'
import { createEmbeddedRecovery } from './embedded-recovery.ts'
import { createPostgresServer } from './postgres-server.ts'
import { findPrograms, type PostgresPrograms } from './programs.ts'
import { assertAccount, reachablePrograms, serverAccount } from './server-account.ts'
import { startServerGuard } from './server-guard.ts'
import { createServerPlace } from './server-place.ts'
import { archivePath, archiveSettings, makeArchive } from './wal-archive.ts'

export interface EmbeddedOptions {
  readonly dataDir: string | undefined
  readonly port: number | undefined
  readonly major: number | undefined
  readonly settings: Readonly<Record<string, string>>
  readonly archive: boolean
  readonly tls: boolean
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
  const account = serverAccount(clusterPath(path))
  assertAccount(account)
  const data = openDataFolder(path, account)
  if (options.archive) makeArchive(path, account)
  const reachable = reachablePrograms(account, programs)
  const place = createServerPlace({
    data,
    account,
    isArchived: options.archive,
    isTemporary: temporary,
    createServer: (folder, { settings, isStandby }) =>
      createPostgresServer({
        data: folder,
        context: { programs: reachable, account, logFile: folder.logFile },
        temporary,
        settings: {
          ...options.settings,
          ...(options.archive ? archiveSettings(archivePath(path)) : {}),
          ...settings,
        },
        isStandby,
        tls: options.tls,
        guard: () =>
          startServerGuard({ dataFolder: folder.cluster, temporaryFolder: temporary ? path : null }),
        log: options.log,
      }),
  })
  try {
    const { reused } = await place.open(options.port)
    const server = () => place.primary.server
    return {
      kind: 'embedded',
      label: 'embedded Postgres',
      reused,
      data: temporary ? 'temporary' : 'kept',
      get admin() {
        return place.primary.admin
      },
      faults: {
        kill: () => server().kill(),
        start: () => server().start(),
        pause: () => server().pause(),
        resume: () => server().resume(),
      },
      recovery: reused ? refusedRecovery("another process's server") : createEmbeddedRecovery(place),
      stop: async () => {
        await place.stop()
        if (temporary) rmSync(path, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await place.stop()
    throw error
  }
}
