// Everything the provider does inside of Postgres, it does as the administrator, with a connection of its own each
// time: a connection kept open would stand in the way of copying or dropping the database it is in.
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import pg from 'pg'
import type { AdminConnection } from './backends/backend.ts'
import type { LeaseTls } from './capability.ts'
import { errorCode, ProviderError } from './provider-error.ts'

const CONNECT_TIMEOUT_MS = 10_000

/**
 * Runs work with an administrator's connection to one database.
 * @throws ProviderError `BACKEND_UNAVAILABLE` when there is no such connection; what `work` throws goes through.
 */
export async function asAdministrator<Result>(
  admin: AdminConnection,
  database: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await connect(admin, database, CONNECT_TIMEOUT_MS)
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}

/**
 * Whether the server accepts the administrator at this moment.
 * @throws ProviderError `BACKEND_UNAVAILABLE` when it is up and refuses the password: waiting will not help.
 */
export async function acceptsAdministrator(admin: AdminConnection, timeoutMs: number): Promise<boolean> {
  try {
    const client = await connect(admin, admin.database, timeoutMs)
    await client.end().catch(() => {})
    return true
  } catch (error) {
    const refusal = error instanceof ProviderError ? errorCode(error.cause) : null
    if (refusal === '28P01' || refusal === '28000') throw error
    return false
  }
}

async function connect(admin: AdminConnection, database: string, timeoutMs: number): Promise<pg.Client> {
  const { host, port, user, password, tls } = admin
  const client = new pg.Client({
    host,
    port,
    user,
    password,
    database,
    ssl: tlsOptions(tls),
    application_name: 'user-engine provider',
    connectionTimeoutMillis: timeoutMs,
  })
  // A connection that breaks fails the query that runs on it; without a listener it would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (cause) {
    await client.end().catch(() => {})
    const reason = explainRefusal(cause, database)
    throw new ProviderError('BACKEND_UNAVAILABLE', `Postgres on ${host}:${port} ${reason}.`, { cause })
  }
  return client
}

/** What the driver needs to know of TLS. */
export function tlsOptions(tls: LeaseTls) {
  if (tls.mode === 'disable') return false
  const { ca, serverName } = tls
  // Without a name of its own the driver checks the certificate against the host.
  if (serverName === undefined) return { ca }
  return {
    ca,
    servername: serverName,
    // The driver replaces `servername` by a host that has a name.
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      checkServerIdentity(serverName, certificate),
  }
}

function explainRefusal(cause: unknown, database: string): string {
  switch (errorCode(cause)) {
    case '28P01':
    case '28000':
      return "does not accept the administrator's login and password"
    case '3D000':
      return `has no database ${JSON.stringify(database)}`
    case '53300':
      return 'has no connection left for its administrator'
    default:
      return 'does not answer its administrator'
  }
}

/** Quotes an identifier for SQL text. */
export function identifier(name: string): string {
  return pg.escapeIdentifier(name)
}

/** Quotes identifiers for SQL text, separated by commas. */
export function identifiers(names: readonly string[]): string {
  return names.map(identifier).join(', ')
}

/** Quotes a literal for SQL text. */
export function literal(text: string): string {
  return pg.escapeLiteral(text)
}
