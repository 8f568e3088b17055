import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, ProviderError } from '../../provider-error.ts'
import type { DataFolder } from './data-folder.ts'
import { isRunning } from './processes.ts'
import { type ProgramContext, runProgram } from './run-program.ts'
import { giveTo, writeOwned } from './server-account.ts'

export const ADMINISTRATOR = 'postgres'

const FLAGS = [
  '--encoding=UTF8',
  '--locale=C',
  '--data-checksums',
  '--auth=scram-sha-256',
  '--no-instructions',
  `--username=${ADMINISTRATOR}`,
]

interface InitialiseOptions {
  readonly data: DataFolder
  readonly context: ProgramContext
  /** Whether the data need not survive a power cut. */
  readonly temporary: boolean
}

/**
 * Creates the cluster of a data folder unless there is one. It is made beside its place and renamed, so that one that
 * is there is complete, whatever ended the process that made it.
 * @throws ProviderError `SERVER_FAILED`, or `NOT_SUPPORTED` for data of another release.
 */
export async function initialiseCluster(options: InitialiseOptions): Promise<void> {
  const { data, context, temporary } = options
  if (existsSync(data.cluster) && readdirSync(data.cluster).length > 0) {
    assertUsable(data, context)
    return
  }
  await removeAbandoned(data.path)
  const draft = join(data.path, `initdb-${process.pid}-${randomBytes(4).toString('hex')}`)
  const passwordFile = `${draft}.password`
  try {
    mkdirSync(draft, { mode: 0o700 })
    giveTo(draft, context.account)
    writeOwned(passwordFile, data.administratorPassword, context.account)
    const flags = temporary ? [...FLAGS, '--no-sync'] : FLAGS
    const args = [`--pgdata=${draft}`, `--pwfile=${passwordFile}`, ...flags]
    const initdb = runProgram('initdb', args, { ...context, folder: data.path })
    await initdb.untilEnded()
    if (initdb.failure !== null) {
      throw new ProviderError('SERVER_FAILED', `The data folder was not initialised: ${initdb.failure}.`)
    }
    putInPlace(draft, data.cluster)
  } finally {
    rmSync(passwordFile, { force: true })
    rmSync(draft, { recursive: true, force: true })
  }
}

function assertUsable({ path, cluster }: DataFolder, { programs }: ProgramContext): void {
  const version = readVersion(cluster)
  if (version !== programs.major) {
    throw new ProviderError(
      'NOT_SUPPORTED',
      version === null
        ? `The folder ${cluster} holds no data of Postgres: choose another data folder than ${path}.`
        : `The data in ${cluster} is of Postgres ${version} and the embedded one is ${programs.major}: choose another data folder.`,
    )
  }
}

function readVersion(cluster: string): number | null {
  try {
    return Number.parseInt(readFileSync(join(cluster, 'PG_VERSION'), 'utf8'), 10)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

function putInPlace(draft: string, cluster: string): void {
  try {
    renameSync(draft, cluster)
  } catch (error) {
    // Another process was quicker, with the same password: its cluster is as good.
    if (!['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error
  }
}

// What processes left that were ended while they made a cluster. Their initdb goes on until it misses a file; what it
// still writes by then is left to the next start.
async function removeAbandoned(path: string): Promise<void> {
  for (const entry of readdirSync(path)) {
    const maker = /^initdb-(\d+)-/.exec(entry)?.[1]
    if (maker !== undefined && !isRunning(Number(maker))) {
      const options = { recursive: true, force: true, maxRetries: 20, retryDelay: 20 }
      await rm(join(path, entry), options).catch(() => {})
    }
  }
}
