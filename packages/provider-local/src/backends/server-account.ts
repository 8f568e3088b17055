// Postgres refuses to run as root. Started by root, it runs under another account of the operating system, which must
// be able to reach the programs and the data.
import { accessSync, constants, cpSync, existsSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** The account of the operating system that the server runs under; `null` is our own. */
export interface ServerAccount {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

const CANDIDATES = ['postgres', 'nobody']

/** Whom the server runs as: ourselves unless we are root. An existing data folder keeps its owner. */
export function serverAccount(dataFolder: string): ServerAccount | null {
  if (process.getuid?.() !== 0) return null
  const accounts = readAccounts()
  const owner = existsSync(dataFolder) ? statSync(dataFolder).uid : 0
  const byOwner = owner === 0 ? undefined : accounts.find(({ uid }) => uid === owner)
  const byName = CANDIDATES.map((name) => accounts.find((account) => account.name === name))
  return byOwner ?? byName.find((account) => account !== undefined) ?? null
}

function readAccounts(): readonly ServerAccount[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length > 3)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
}

/** Whether the account can enter every folder on the way to the path; the path itself need not exist yet. */
export function canReach(account: ServerAccount | null, path: string): boolean {
  if (account === null) return true
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if (existsSync(folder) && !canEnter(account, folder)) return false
    if (folder === dirname(folder)) return true
  }
}

function canEnter(account: ServerAccount, folder: string): boolean {
  const { mode, uid, gid } = statSync(folder)
  if (uid === account.uid) return (mode & 0o100) !== 0
  if (gid === account.gid) return (mode & 0o010) !== 0
  return (mode & 0o001) !== 0
}

/** Whether our own process may create files in the folder, or in the nearest one above it that exists. */
export function canWrite(folder: string): boolean {
  let nearest = resolve(folder)
  while (!existsSync(nearest)) nearest = dirname(nearest)
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK)
    return statSync(nearest).isDirectory()
  } catch {
    return false
  }
}

/** The programs where the account can reach them: where they are, or a copy beside the temporary files. */
export function reachablePrograms(account: ServerAccount | null, folder: string, version: string): string {
  if (canReach(account, join(folder, 'bin', 'postgres'))) return folder
  const copy = join(tmpdir(), `user-engine-postgres-${version}`)
  if (!existsSync(join(copy, 'complete'))) {
    cpSync(folder, copy, { recursive: true, dereference: false, verbatimSymlinks: true })
    cpSync(join(folder, 'pg-symlinks.json'), join(copy, 'complete'))
  }
  return copy
}
