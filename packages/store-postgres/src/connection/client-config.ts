import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type { ConnectionLease } from '@user-engine/store-protocol'
import type { ClientConfig } from 'pg'

/** What the driver needs to know of a lease. */
export function clientConfig(lease: ConnectionLease): ClientConfig {
  const { host, port, database, user, password, tls } = lease
  const ssl =
    tls.mode === 'disable'
      ? false
      : {
          ca: tls.ca,
          rejectUnauthorized: true,
          ...(tls.serverName === undefined ? {} : nameOptions(tls.serverName)),
        }
  return { host, port, database, user, password, ssl, keepAlive: true }
}

// The driver replaces `servername` by a host that has a name, and would check the certificate against that.
function nameOptions(serverName: string) {
  return {
    servername: serverName,
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      checkServerIdentity(serverName, certificate),
  }
}
