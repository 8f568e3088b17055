// The certificates of a server that speaks TLS. Each start of a provider has an authority and a folder of its own, named
// after its process like a cluster in the making; which folder a running server uses, the server itself has written down.
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { LeaseTls } from '../../capability.ts'
import { createCertificateAuthority } from '../../tls/certificate-authority.ts'
import type { DataFolder } from './data-folder.ts'
import { isRunning } from './processes.ts'
import { type ServerAccount, writeOwned } from './server-account.ts'

const AUTHORITY_FILE = 'authority.crt'
const HOSTS = ['localhost', '127.0.0.1']

// As initdb writes it, but over TLS alone: a connection without it is refused.
const ACCESS = ['all all', 'replication all']
  .map((what) => `hostssl ${what} 127.0.0.1/32 scram-sha-256\n`)
  .join('')

export interface ServerTls {
  /** The settings with which the server uses its certificate. */
  readonly settings: Readonly<Record<string, string>>
  remove(): void
}

/** Makes an authority and a certificate for a server of this data folder. */
export async function createServerTls(
  { path }: DataFolder,
  account: ServerAccount | null,
): Promise<ServerTls> {
  removeAbandonedTls(path)
  const authority = await createCertificateAuthority()
  const { certificate, key } = await authority.issue(HOSTS)
  const folder = join(path, `tls-${process.pid}-${randomBytes(4).toString('hex')}`)
  mkdirSync(folder)
  // The server's account passes through, whatever our umask is.
  if (account !== null) chmodSync(folder, 0o711)
  const write = (name: string, content: string) => {
    const file = join(folder, name)
    writeOwned(file, content, account)
    return file
  }
  write(AUTHORITY_FILE, authority.certificate)
  return {
    settings: {
      ssl: 'on',
      ssl_cert_file: write('server.crt', certificate),
      ssl_key_file: write('server.key', key),
      hba_file: write('pg_hba.conf', ACCESS),
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** How the server that runs on a cluster is reached, as it was told when it was started. */
export function tlsOfServer(cluster: string): LeaseTls {
  const [, certificate] = /"ssl_cert_file=([^"]+)"/.exec(readOptions(cluster)) ?? []
  if (certificate === undefined) return { mode: 'disable' }
  return { mode: 'verify-full', ca: readFileSync(join(dirname(certificate), AUTHORITY_FILE), 'utf8') }
}

function readOptions(cluster: string): string {
  try {
    return readFileSync(join(cluster, 'postmaster.opts'), 'utf8')
  } catch {
    // Not started yet.
    return ''
  }
}

function removeAbandonedTls(path: string): void {
  for (const entry of readdirSync(path)) {
    const maker = /^tls-(\d+)-/.exec(entry)?.[1]
    if (maker !== undefined && !isRunning(Number(maker)))
      rmSync(join(path, entry), { recursive: true, force: true })
  }
}
