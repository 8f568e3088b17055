// What a data folder holds:
//   pgdata/                  the cluster; belongs to the account that the server runs under
//   initdb-<pid>-<random>/   a cluster in the making; renamed to pgdata when it is complete
//   administrator-password   the one secret that outlives a run: without it the cluster could not be administered
//   server.log               what the server says
//   tls-<pid>-<random>/      authority, certificate and key of a server that speaks TLS
//   owner                    the process that started the server last
//   archive/                 the log, for a server that keeps it
//   backups/<random>/        copies of the cluster
//   restored-<random>/, standby-<random>/   clusters that took, or may take, the place of pgdata; log and owner beside them
//   cluster                  the name of the cluster's folder when it is no longer pgdata
import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { errorCode, ProviderError } from '../../provider-error.ts'
import { canReach, type ServerAccount } from './server-account.ts'

const CHOICE_FILE = 'cluster'

export interface DataFolder {
  readonly path: string
  readonly cluster: string
  readonly logFile: string
  readonly ownerFile: string
  readonly administratorPassword: string
}

/** Where the cluster of a data folder is. */
export function clusterPath(path: string): string {
  try {
    return join(path, readFileSync(join(path, CHOICE_FILE), 'utf8'))
  } catch (error) {
    // Where a file is in the way of the folder, whoever uses the path says so.
    const isAbsent = ['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')
    if (isAbsent) return join(path, 'pgdata')
    throw error
  }
}

/** Makes another folder the cluster of the data folder: from one moment to the next, whatever ends this process. */
export function chooseCluster(path: string, cluster: string): void {
  const draft = join(path, `${CHOICE_FILE}-${randomBytes(6).toString('hex')}`)
  writeFileSync(draft, relative(path, cluster))
  renameSync(draft, join(path, CHOICE_FILE))
}

/** The same data folder with another cluster in it, which has a log and an owner of its own. */
export function besideCluster(data: DataFolder, cluster: string): DataFolder {
  return { ...data, cluster, logFile: `${cluster}.log`, ownerFile: `${cluster}.owner` }
}

/** Removes a cluster that is not the data folder's, with what is beside it. */
export function removeCluster(cluster: string): void {
  // A server that is on its way out may still write there.
  for (const path of [cluster, `${cluster}.log`, `${cluster}.owner`, `${cluster}.password`])
    rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
}

/** Clusters beside the data folder's own one. */
export function otherClusters(path: string): readonly string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^(pgdata$|restored-|standby-)/.test(entry.name))
    .map(({ name }) => join(path, name))
    .filter((cluster) => cluster !== clusterPath(path))
}

/**
 * Creates the folder where it is missing and makes sure that the server can live in it.
 * @throws ProviderError `FOLDER_NOT_WRITABLE`.
 */
export function openDataFolder(path: string, account: ServerAccount | null): DataFolder {
  assertWritable(path)
  assertReachable(path, account)
  assertOwned(clusterPath(path), account)
  try {
    createFolder(path, account)
    return {
      path,
      cluster: clusterPath(path),
      logFile: join(path, 'server.log'),
      ownerFile: join(path, 'owner'),
      administratorPassword: readPassword(join(path, 'administrator-password')),
    }
  } catch (cause) {
    throw notWritable(
      `The data folder ${path} cannot be used (${errorCode(cause)}): choose another one.`,
      cause,
    )
  }
}

function assertWritable(path: string): void {
  let nearest = resolve(path)
  while (!existsSync(nearest)) nearest = dirname(nearest)
  try {
    if (!statSync(nearest).isDirectory()) throw notWritable(`${nearest} is no folder: choose another one.`)
    accessSync(nearest, constants.W_OK | constants.X_OK)
  } catch (cause) {
    if (cause instanceof ProviderError) throw cause
    throw notWritable(`The data folder ${path} cannot be written: choose another one.`, cause)
  }
}

function assertReachable(path: string, account: ServerAccount | null): void {
  if (canReach(account, clusterPath(path))) return
  throw notWritable(
    `Postgres does not run as root, and the account ${account?.name} cannot enter the folders above ${clusterPath(path)}: choose a data folder elsewhere.`,
  )
}

function assertOwned(cluster: string, account: ServerAccount | null): void {
  const owner = statSync(cluster, { throwIfNoEntry: false })?.uid
  if (owner === undefined || owner === (account?.uid ?? process.getuid?.())) return
  throw notWritable(
    `The data in ${cluster} belongs to another account of this system: choose another data folder.`,
  )
}

function createFolder(path: string, account: ServerAccount | null): void {
  const missing: string[] = []
  for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder)
  // One by one: with `recursive` Node never returns from a file system that refuses, such as /proc.
  for (const folder of missing) createUnlessThere(folder)
  // The server's account passes through, whatever our umask is.
  if (account !== null) for (const folder of missing) chmodSync(folder, 0o711)
}

function createUnlessThere(folder: string): void {
  try {
    mkdirSync(folder)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  }
}

// Linked into place, so that of several who start at once all read the same one, and never half of it.
function readPassword(file: string): string {
  if (!existsSync(file)) {
    const draft = `${file}-${randomBytes(6).toString('hex')}`
    writeFileSync(draft, randomBytes(24).toString('base64url'), { mode: 0o600 })
    try {
      linkSync(draft, file)
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    } finally {
      rmSync(draft)
    }
  }
  return readFileSync(file, 'utf8')
}

function notWritable(message: string, cause?: unknown): ProviderError {
  return new ProviderError('FOLDER_NOT_WRITABLE', message, { cause })
}
