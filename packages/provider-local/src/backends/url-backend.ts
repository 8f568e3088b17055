import { readFileSync } from 'node:fs'
import type { LeaseTls } from '../capability.ts'
import { ProviderError } from '../provider-error.ts'
import { refusedRecovery } from '../recovery.ts'
import type { AdminConnection, Backend, BackendFaults } from './backend.ts'

/**
 * A server that somebody else runs, reached as its administrator.
 * @throws ProviderError `INVALID_OPTION` for a URL that is not one of Postgres.
 */
export function createUrlBackend(databaseUrl: string): Backend {
  return {
    kind: 'url',
    label: 'given Postgres',
    reused: true,
    data: 'given',
    admin: parseDatabaseUrl(databaseUrl),
    faults: refusedFaults('a given server'),
    recovery: refusedRecovery('a given server'),
    stop: async () => {},
  }
}

/** Faults for servers whose processes are not ours. */
export function refusedFaults(what: string): BackendFaults {
  const refuse = () =>
    Promise.reject(
      new ProviderError(
        'NOT_SUPPORTED',
        `The processes of ${what} are not ours to stop: create a provider with the embedded backend.`,
      ),
    )
  return { kill: refuse, start: refuse, pause: refuse, resume: refuse }
}

/** Reads an administrator's URL. What it holds is never repeated in an error. */
export function parseDatabaseUrl(text: string): AdminConnection {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === '') throw malformed()
  return {
    // The brackets of an IPv6 address belong to the URL.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 5432 : Number(url.port),
    user: decode(url.username) || 'postgres',
    password: decode(url.password),
    database: decode(url.pathname.slice(1)) || 'postgres',
    tls: parseTls(url.searchParams),
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw malformed()
  }
}

function malformed(): ProviderError {
  return new ProviderError(
    'INVALID_OPTION',
    'The database URL must look like postgres://user:password@host:port/database.',
  )
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
  try {
    return { mode, ca: readFileSync(rootCertificate, 'utf8') }
  } catch (cause) {
    throw new ProviderError('INVALID_OPTION', `The root certificate ${rootCertificate} cannot be read.`, {
      cause,
    })
  }
}
