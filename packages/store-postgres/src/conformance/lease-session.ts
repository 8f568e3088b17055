import type { CapabilitySession } from '@user-engine/store-conformance-kit'
import type { ConnectionLease } from '@user-engine/store-protocol'
import pg from 'pg'
import { clientConfig } from '../connection/client-config.ts'

/**
 * Opens a session with a lease, exactly as the store opens its connections: for the conformance kit, which judges what a
 * provider hands over and knows no driver. Errors are the driver's and carry the SQLSTATE as their `code`; they may hold
 * values and are not for logs.
 */
export async function openLeaseSession(lease: ConnectionLease): Promise<CapabilitySession> {
  const client = new pg.Client({ ...clientConfig(lease), application_name: 'user-engine conformance' })
  // A connection that breaks fails the query that runs on it, and the next.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    await client.end().catch(() => {})
    throw error
  }
  return {
    query: async ({ text, values = [], name }) => {
      const { rows } = await client.query<Record<string, unknown>>({
        ...{ text, values: [...values] },
        ...(name === undefined ? {} : { name }),
      })
      return rows
    },
    end: () => client.end().catch(() => {}),
  }
}
