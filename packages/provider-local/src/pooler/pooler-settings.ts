import { ProviderError } from '../provider-error.ts'

/** When a server connection goes back to the pool: after a transaction, or after a session. */
export type PoolMode = 'transaction' | 'session'

export interface PoolerOptions {
  /** Default `transaction`. */
  readonly mode?: PoolMode
  /** How many connections to the server it keeps for each database and login. Default 20. */
  readonly poolSize?: number
  /** What every new connection to the server is told first. Default: nothing. */
  readonly connectQuery?: string
  /** Further settings, as in pgbouncer.ini. */
  readonly settings?: Readonly<Record<string, string>>
}

/** What the pooler stands between, and the files that it reads. */
export interface PoolerPlace {
  readonly port: number
  readonly server: { readonly host: string; readonly port: number; readonly user: string }
  readonly usersFile: string
  /** `null`: the server is reached without TLS, and so is the pooler. */
  readonly tls: PoolerTlsFiles | null
}

/** The authority of the server, and the pooler's own certificate. */
export interface PoolerTlsFiles {
  readonly authorityFile: string
  readonly certificateFile: string
  readonly keyFile: string
}

// Logins come and go: each is looked up at the server when it comes, with the administrator's login.
const AUTH_QUERY = 'SELECT usename, passwd FROM pg_catalog.pg_shadow WHERE usename = $1'

/** The text of pgbouncer.ini. @throws ProviderError `INVALID_OPTION` for what would not stay in its line. */
export function renderPoolerSettings(
  options: PoolerOptions,
  { port, server, usersFile, tls }: PoolerPlace,
): string {
  const { mode = 'transaction', poolSize = 20, connectQuery, settings = {} } = options
  const target = [
    `host=${server.host} port=${server.port} auth_user=${server.user}`,
    ...(connectQuery === undefined ? [] : [`connect_query='${connectQuery.replaceAll("'", "''")}'`]),
  ]
  const all = {
    ...{ listen_addr: '127.0.0.1', listen_port: String(port), unix_socket_dir: '' },
    ...{ auth_type: 'scram-sha-256', auth_file: usersFile, auth_query: AUTH_QUERY },
    ...{ pool_mode: mode, default_pool_size: String(poolSize), max_client_conn: '1000' },
    ...{ ignore_startup_parameters: 'extra_float_digits', server_login_retry: '1' },
    ...(tls === null
      ? {}
      : {
          ...{ server_tls_sslmode: 'verify-full', server_tls_ca_file: tls.authorityFile },
          client_tls_sslmode: 'require',
          ...{ client_tls_cert_file: tls.certificateFile, client_tls_key_file: tls.keyFile },
        }),
    ...settings,
  }
  const lines = [
    '[databases]',
    `* = ${target.join(' ')}`,
    '[pgbouncer]',
    ...Object.entries(all).map(([name, value]) => `${name} = ${value}`),
  ]
  if (lines.some((line) => line.includes('\n')))
    throw new ProviderError('INVALID_OPTION', 'A setting of the pooler is one line.')
  return `${lines.join('\n')}\n`
}
