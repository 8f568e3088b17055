import type { Backend, BackendKind } from './backends/backend.ts'
import { createContainerBackend, hasContainerRuntime } from './backends/container-backend.ts'
import { createEmbeddedBackend } from './backends/embedded/embedded-backend.ts'
import { createUrlBackend } from './backends/url-backend.ts'
import { type LocalProvider, providerOver } from './local-provider.ts'
import { ProviderError } from './provider-error.ts'
import { assertRolePrefix, DEFAULT_ROLE_PREFIX } from './provisioning/role-names.ts'

/** The major versions of Postgres that are supported. */
export const MAJORS = [15, 16, 17, 18] as const

export type Major = (typeof MAJORS)[number]

export interface LocalProviderOptions {
  /**
   * Default `auto`: a given URL; else a container where a runtime answers and none of `dataDir`, `port`, `archive` and `tls` is given;
   * else an embedded server.
   */
  readonly backend?: 'auto' | BackendKind
  /** The URL of an administrator: a superuser, or a login with CREATEDB and CREATEROLE. */
  readonly databaseUrl?: string
  /** Embedded: where the data stays between runs. Absent: a temporary folder that goes with the provider. */
  readonly dataDir?: string
  /** Embedded: the port on 127.0.0.1. Default: a free one. */
  readonly port?: number
  /** The major version of Postgres. Default: the given server's, or the one that comes embedded. */
  readonly major?: Major
  /** Container, embedded: server settings, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
  /** Embedded: keeps the log of the server, for `recovery.backUp` and `recovery.restore`. Default `false`. */
  readonly archive?: boolean
  /**
   * Embedded: the server takes connections over TLS only, with a certificate of an authority that is made at the start, and
   * leases say `verify-full`. Default `false`; a given URL says for itself how its server is reached.
   */
  readonly tls?: boolean
  /** How the names of all roles begin. Default `user_engine`; for a server that others provision as well. */
  readonly rolePrefix?: string
  /** Told what is done, one line each, without secrets. Default: nobody. */
  readonly log?: (line: string) => void
}

const NEWEST_MAJOR = 18
const ATTEMPTS = 3

// The provider decides where the server listens and what it serves.
const RESERVED_SETTINGS = [
  'archive_command',
  'archive_mode',
  'config_file',
  'data_directory',
  'external_pid_file',
  'hba_file',
  'ident_file',
  'listen_addresses',
  'port',
  'ssl',
  'ssl_cert_file',
  'ssl_key_file',
  'unix_socket_directories',
]

/**
 * Brings up a Postgres, or takes the given one.
 * @throws ProviderError with one sentence that says what to change.
 */
export async function createLocalProvider(options: LocalProviderOptions = {}): Promise<LocalProvider> {
  assertOptions(options)
  const { rolePrefix = DEFAULT_ROLE_PREFIX, major, log = () => {} } = options
  for (let attempt = 1; ; attempt += 1) {
    const backend = await openBackend(options, log)
    try {
      return await providerOver(backend, { rolePrefix, major, log })
    } catch (error) {
      await backend.stop()
      // A server of another process may be stopped by it just after it was found: the next attempt starts one.
      const hasLeft = backend.kind === 'embedded' && backend.reused && isUnavailable(error)
      if (!hasLeft || attempt === ATTEMPTS) throw error
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof ProviderError && error.code === 'BACKEND_UNAVAILABLE'
}

async function openBackend(options: LocalProviderOptions, log: (line: string) => void): Promise<Backend> {
  const { databaseUrl, dataDir, port, major, settings = {}, archive = false, tls = false } = options
  const kind = await chooseBackend(options)
  if (archive && kind !== 'embedded')
    throw invalid('Only an embedded server keeps its log: leave archive out, or choose that backend.')
  if (tls && kind !== 'embedded')
    throw invalid('Only an embedded server is given TLS: leave it out, or choose that backend.')
  switch (kind) {
    case 'url':
      if (databaseUrl === undefined) throw invalid('The url backend needs databaseUrl.')
      if (Object.keys(settings).length > 0) log('the given server keeps its own settings')
      return createUrlBackend(databaseUrl)
    case 'container':
      return await createContainerBackend({ major: major ?? NEWEST_MAJOR, settings, log })
    case 'embedded':
      return await createEmbeddedBackend({ dataDir, port, major, settings, archive, tls, log })
  }
}

async function chooseBackend(options: LocalProviderOptions): Promise<BackendKind> {
  const { backend = 'auto', databaseUrl, dataDir, port, archive = false, tls = false } = options
  if (backend !== 'auto') return backend
  if (databaseUrl !== undefined) return 'url'
  const isEmbeddedOnly = dataDir !== undefined || port !== undefined || archive || tls
  return !isEmbeddedOnly && (await hasContainerRuntime()) ? 'container' : 'embedded'
}

function assertOptions({ port, major, settings = {}, rolePrefix, dataDir }: LocalProviderOptions): void {
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
    throw invalid('The port is a whole number from 1 to 65535.')
  if (major !== undefined && !MAJORS.includes(major))
    throw new ProviderError(
      'NOT_SUPPORTED',
      `Postgres ${major} is not supported: choose ${MAJORS.join(', ')}.`,
    )
  if (dataDir === '') throw invalid('The data folder needs a name.')
  if (rolePrefix !== undefined) assertRolePrefix(rolePrefix)
  for (const name of Object.keys(settings)) {
    if (!/^[a-z_][a-z0-9_.]*$/i.test(name))
      throw invalid(`${JSON.stringify(name)} is no name of a server setting.`)
    if (RESERVED_SETTINGS.includes(name.toLowerCase()))
      throw invalid(`The provider sets ${name} itself: leave it out of the settings.`)
  }
}

function invalid(message: string): ProviderError {
  return new ProviderError('INVALID_OPTION', message)
}
