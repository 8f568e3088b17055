// Postgres refuses to run as root. Started by root, it runs under another account of the operating system, which must
// be able to reach the programs and the data.
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { ProviderError } from '../../provider-error.ts'
import type { PostgresPrograms } from './programs.ts'

/** The account of the operating system that the server runs under. */
export interface ServerAccount {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

const CANDIDATES = ['postgres', 'nobody']

/**
 * Whom the server runs as; `null` is our own account, which is right unless we are root. Data that is there already
 * keeps its owner. Root gets `null` only where there is no other account to run it as.
 */
export function serverAccount(dataFolder: string): ServerAccount | null {
  if (process.getuid?.() !== 0) return null
  const accounts = readAccounts()
  const owner = statSync(dataFolder, { throwIfNoEntry: false })
  if (owner !== undefined && owner.uid !== 0) {
    const name = accounts.find(({ uid }) => uid === owner.uid)?.name ?? String(owner.uid)
    return { name, uid: owner.uid, gid: owner.gid }
  }
  for (const candidate of CANDIDATES) {
    const account = accounts.find(({ name }) => name === candidate)
    if (account !== undefined) return account
  }
  return null
}

/** @throws ProviderError `BACKEND_UNAVAILABLE` for root where there is no other account to run the server as. */
export function assertAccount(account: ServerAccount | null): void {
  if (account !== null || process.getuid?.() !== 0) return
  throw new ProviderError(
    'BACKEND_UNAVAILABLE',
    `Postgres does not run as root and there is no account ${CANDIDATES.join(' or ')}: use another account.`,
  )
}

/** Puts a file or a folder in the hands of the account that the server runs under. */
export function giveTo(path: string, account: ServerAccount | null): void {
  if (account !== null) chownSync(path, account.uid, account.gid)
}

/** Writes a file that the account, and nobody else, may read. */
export function writeOwned(file: string, content: string, account: ServerAccount | null): void {
  writeFileSync(file, content, { mode: 0o600 })
  giveTo(file, account)
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

/**
 * The programs where the account can reach them: where they are, or a copy beside the temporary files, made once for
 * each release.
 * @throws ProviderError `BACKEND_UNAVAILABLE` when the account cannot reach a copy either, or the copy is not ours.
 */
export function reachablePrograms(
  account: ServerAccount | null,
  programs: PostgresPrograms,
  copies = tmpdir(),
): PostgresPrograms {
  if (canReach(account, join(programs.folder, 'bin', 'postgres'))) return programs
  const folder = join(copies, `user-engine-postgres-programs-${programs.version}`)
  if (!canReach(account, folder)) {
    throw new ProviderError(
      'BACKEND_UNAVAILABLE',
      `Postgres does not run as root, and the account ${account?.name} can enter neither ${programs.folder} nor ${copies}: set TMPDIR to a folder that is open to it.`,
    )
  }
  if (!existsSync(folder)) copyPrograms(programs.folder, folder)
  const { uid, mode } = lstatSync(folder)
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) {
    // What somebody else can write is not executed.
    throw new ProviderError(
      'BACKEND_UNAVAILABLE',
      `The folder ${folder} belongs to somebody else: remove it.`,
    )
  }
  return { ...programs, folder }
}

function copyPrograms(source: string, target: string): void {
  const copy = mkdtempSync(`${target}-`)
  try {
    cpSync(source, copy, { recursive: true, verbatimSymlinks: true })
    chmodSync(copy, 0o755)
    renameSync(copy, target)
  } catch (error) {
    rmSync(copy, { recursive: true, force: true })
    // Another process was quicker.
    if (!existsSync(target)) throw error
  }
}
