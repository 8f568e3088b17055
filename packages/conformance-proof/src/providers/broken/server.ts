import { rootCertificates } from 'node:tls'
import type { ConnectionLease } from '@user-engine/store-protocol'
import pg from 'pg'
import { type BrokenProvider, brokenInDatabase, brokenInLeases } from '../provider-under-proof.ts'
import { startRewritingProxy } from '../rewriting-proxy.ts'

/** A public authority, which signed no server of ours. */
const ANOTHER_AUTHORITY = rootCertificates[0] ?? ''

/** Servers, and ways to them, that are not as they should be. */
export const BROKEN_SERVERS: readonly BrokenProvider[] = [
  brokenInLeases(
    'CAP-03',
    { id: 'wrong-password', title: 'hands over a password for the relay that is not the one' },
    (lease, role) => (role === 'relay' ? { ...lease, password: 'not-this-one' } : lease),
  ),
  brokenInDatabase(
    'CAP-03',
    { id: 'not-durable', title: 'switches synchronous_commit off for the database' },
    ({ database }) => `ALTER DATABASE ${database} SET synchronous_commit = off`,
  ),
  {
    breaks: 'CAP-03',
    id: 'no-fsync',
    title: 'runs its server without fsync',
    server: 'unsafe',
    handOver: async () => ({}),
  },
  {
    breaks: 'CAP-03',
    id: 'no-time-limits',
    title: 'has a proxy that takes statement_timeout out of what the store sends',
    server: 'plain',
    async handOver({ capability, afterwards }) {
      const { host, port } = await capability.lease('runtime')
      const proxy = await startRewritingProxy({
        ...{ host, port, word: 'statement_timeout', by: 'user_engine.limit' },
      })
      afterwards(() => proxy.stop())
      return {
        capability: {
          ...capability,
          lease: async (role) => ({ ...(await capability.lease(role)), port: proxy.port }),
        },
      }
    },
  },
  brokenInDatabase(
    'CAP-03',
    { id: 'hasty-transactions', title: 'ends every transaction of the runtime after two seconds' },
    ({ runtime }) => `ALTER ROLE ${runtime} SET transaction_timeout = '2s'`,
  ),
  brokenInDatabase(
    'CAP-03',
    { id: 'few-connections', title: 'promises twenty connections and allows six' },
    ({ runtime }) => `ALTER ROLE ${runtime} CONNECTION LIMIT 6`,
  ),
  brokenInLeases(
    'CAP-03',
    { id: 'no-tls-where-promised', title: 'promises TLS for a server that has none', server: 'plain' },
    (lease) => ({ ...lease, tls: { mode: 'verify-full', ca: ANOTHER_AUTHORITY } }),
  ),
  brokenInLeases(
    'CAP-03',
    {
      id: 'wrong-authority',
      title: 'hands over an authority that did not sign the certificate of its server',
    },
    (lease) => ({ ...lease, tls: { mode: 'verify-full', ca: ANOTHER_AUTHORITY } }),
  ),
  brokenInLeases(
    'CAP-03',
    { id: 'wrong-host-name', title: 'names its server as its certificate does not' },
    (lease) => ({ ...lease, tls: { ...lease.tls, serverName: 'db.acme.example' } as ConnectionLease['tls'] }),
  ),
  brokenInLeases(
    'CAP-03',
    { id: 'no-tls-over-the-network', title: 'leads over the network without TLS', server: 'plain' },
    // All addresses of the machine at once: none of them is a loopback for whoever reads the lease.
    (lease) => ({ ...lease, host: '0.0.0.0' }),
  ),
  {
    breaks: 'CAP-03',
    id: 'tls-that-verifies-nothing',
    title: 'connects with a client that believes every certificate',
    handOver: async () => ({
      connect: async ({ host, port, database, user, password }) => {
        const ssl = { rejectUnauthorized: false }
        const client = new pg.Client({ host, port, database, user, password, ssl })
        client.on('error', () => {})
        await client.connect()
        return {
          query: async ({ text, values = [], name }) =>
            (await client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) })).rows,
          end: () => client.end(),
        }
      },
    }),
  },
]
