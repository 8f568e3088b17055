import { readFileSync } from 'node:fs'
import type { LeaseTls } from '../capability.ts'
import { ProviderError } from '../provider-error.ts'
import type { AdminConnection, Backend, BackendFaults } from './backend.ts'

/**
 * A server that somebody else runs, reached as its administrator.
 * @throws ProviderError `INVALID_OPTION` for a URL that is not one of Postgres.
 */
export function createUrlBackend(databaseUrl: string): Backend {
  const admin = parseDatabaseUrl(databaseUrl)
  return {
    kind: 'url',
    description: `given Postgres on ${admin.host}:${admin.port}`,
    reused: true,
    admin,
    faults: refusedFaults('a given server'),
    stop: async () => {},
  }
}

/** Faults for servers whose processes are not ours. */
export function refusedFaults(what: string): BackendFaults {
  const refuse = () =>
    Promise.reject(
      new ProviderError(
        'NOT_SUPPORTED',
        `The processes of ${what} are not ours to stop: use the embedded backend.`,
      ),
    )
  return { kill: refuse, start: refuse, pause: refuse, resume: refuse }
}

function parseDatabaseUrl(text: string): AdminConnection {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === '') {
    throw new ProviderError(
      'INVALID_OPTION',
      'The database URL must look like postgres://user:password@host:port/database.',
    )
  }
  return {
    host: url.hostname,
    port: url.port === '' ? 5432 : Number(url.port),
    user: decodeURIComponent(url.username) || 'postgres',
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)) || 'postgres',
    tls: parseTls(url.searchParams),
  }
}

function parseTls(parameters: URLSearchParams): LeaseTls {
  const mode = parameters.get('sslmode') ?? 'disable'
  if (mode === 'disable') return { mode }
  const rootCertificate = parameters.get('sslrootcert')
  if (mode !== 'verify-full' || rootCertificate === null) {
    throw new ProviderError(
      'INVALID_OPTION',
      'The database URL may say sslmode=disable, or sslmode=verify-full with sslrootcert=<file>.',
    )
  }
  return { mode, ca: readFileSync(rootCertificate, 'utf8') }
}
