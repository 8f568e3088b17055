// A copy of a cluster whose server works meanwhile, by Postgres' own protocol for that: the files may change while they are
// read, and the log that is written until the end of the copy makes them whole.
import { mkdirSync, rmSync } from 'node:fs'
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asAdministrator } from '../../administration.ts'
import { errorCode, ProviderError } from '../../provider-error.ts'
import type { AdminConnection } from '../backend.ts'
import { giveTo, type ServerAccount, writeOwned } from './server-account.ts'

interface CopyOptions {
  readonly admin: AdminConnection
  readonly source: string
  /** A folder that is not there yet; nothing of it is left when the copy fails. */
  readonly target: string
  readonly account: ServerAccount | null
  /** Whether the copy is whole only when the archive has the log of it. */
  readonly isArchived: boolean
}

/** What belongs to the running server and not to its data; the folders stay, empty. */
const LEFT_OUT = new Set(['postmaster.pid', 'postmaster.opts', 'standby.signal', 'recovery.signal'])
const EMPTIED = new Set(
  'pg_wal pg_replslot pg_dynshmem pg_notify pg_serial pg_snapshots pg_stat_tmp pg_subtrans'.split(' '),
)
/** Set while a standby had to have each commit; a server that nobody follows would wait for ever. */
const SYNCHRONOUS = /^synchronous_standby_names\b.*\n?/gm

/** @throws ProviderError `SERVER_FAILED`, `BACKEND_UNAVAILABLE`, or `NOT_SUPPORTED` for data in other places. */
export async function copyCluster(options: CopyOptions): Promise<void> {
  const { admin, source, target, isArchived } = options
  try {
    await asAdministrator(admin, admin.database, async (client) => {
      await client.query(`SELECT pg_backup_start('user-engine', true)`)
      await copyFolder('', options)
      const { rows } = await client.query<{ labelfile: string; spcmapfile: string }>(
        'SELECT labelfile, spcmapfile FROM pg_backup_stop($1)',
        [isArchived],
      )
      if (rows[0]?.spcmapfile)
        throw new ProviderError('NOT_SUPPORTED', `The data in ${source} has tablespaces in other folders.`)
      writeOwned(join(target, 'backup_label'), rows[0]?.labelfile ?? '', options.account)
    })
    const own = join(target, 'postgresql.auto.conf')
    await writeFile(own, (await readFile(own, 'utf8')).replaceAll(SYNCHRONOUS, ''))
  } catch (cause) {
    rmSync(target, { recursive: true, force: true })
    if (cause instanceof ProviderError) throw cause
    throw new ProviderError('SERVER_FAILED', `The data in ${source} could not be copied to ${target}.`, {
      cause,
    })
  }
}

/** An empty file in a cluster that tells the server what to do when it starts. */
export function leaveSignal(
  cluster: string,
  name: 'recovery' | 'standby',
  account: ServerAccount | null,
): void {
  writeOwned(join(cluster, `${name}.signal`), '', account)
}

/** Copies a cluster that nobody serves: a backup. */
export async function copyRestingCluster(
  options: Pick<CopyOptions, 'source' | 'target' | 'account'>,
): Promise<void> {
  await copyFolder('', options)
}

/** Copies what a server that is down has written of its log, and perhaps not archived any more. */
export async function copyLog(options: Pick<CopyOptions, 'source' | 'target' | 'account'>): Promise<void> {
  const { source, target, account } = options
  for (const entry of await readdir(join(source, 'pg_wal'), { withFileTypes: true })) {
    const path = join('pg_wal', entry.name)
    if (entry.isFile()) await copyOwned(join(source, path), join(target, path), account)
  }
}

async function copyFolder(
  folder: string,
  options: Pick<CopyOptions, 'source' | 'target' | 'account'>,
): Promise<void> {
  const { source, target, account } = options
  mkdirSync(join(target, folder), { mode: 0o700 })
  giveTo(join(target, folder), account)
  if (EMPTIED.has(folder)) return
  for (const entry of await readdir(join(source, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (LEFT_OUT.has(path) || entry.name.startsWith('pgsql_tmp')) continue
    if (entry.isDirectory()) await copyFolder(path, options)
    else if (entry.isFile()) await copyOwned(join(source, path), join(target, path), account)
  }
}

async function copyOwned(from: string, to: string, account: ServerAccount | null): Promise<void> {
  try {
    await copyFile(from, to)
  } catch (error) {
    // A file that went meanwhile: the log says so, too.
    if (errorCode(error) === 'ENOENT') return
    throw error
  }
  giveTo(to, account)
}
