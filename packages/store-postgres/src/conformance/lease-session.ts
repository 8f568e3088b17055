import type { ConnectionLease } from '@user-engine/store-protocol'
import pg from 'pg'
import { clientConfig } from '../connection/client-config.ts'

/** One statement with its parameters (`$1`, …). With a name it is prepared under that name, once for a session. */
export interface SessionStatement {
  readonly text: string
  readonly values?: readonly (string | null)[]
  readonly name?: string
}

/** A session of one login: one connection, from its opening to its end. */
export interface LeaseSession {
  query(statement: SessionStatement): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Ends the connection; whatever is open is rolled back. */
  end(): Promise<void>
}

/**
 * Opens a session with a lease, exactly as the store opens its connections: for the conformance kit, which judges what a
 * provider hands over and knows no driver. Errors are the driver's and carry the SQLSTATE as their `code`; they may hold
 * values and are not for logs.
 */
export async function openLeaseSession(lease: ConnectionLease): Promise<LeaseSession> {
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
