import type { ClientConfig } from 'pg'
import type { ConnectionLease } from '../capability/postgres-capability.ts'

/** What the driver needs to know of a lease. */
export function clientConfig(lease: ConnectionLease): ClientConfig {
  const { host, port, database, user, password, tls } = lease
  const ssl =
    tls.mode === 'disable'
      ? false
      : {
          ca: tls.ca,
          rejectUnauthorized: true,
          ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
        }
  return { host, port, database, user, password, ssl, keepAlive: true }
}
