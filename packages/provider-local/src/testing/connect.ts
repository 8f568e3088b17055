import pg from 'pg'
import { tlsOptions } from '../administration.ts'
import type { ConnectionLease } from '../capability.ts'

/** A connection opened with a lease, as a consumer opens it. */
export async function connectWith(lease: ConnectionLease): Promise<pg.Client> {
  const { host, port, database, user, password, tls } = lease
  const client = new pg.Client({ host, port, database, user, password, ssl: tlsOptions(tls) })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Runs SQL with a lease and returns the rows. */
export async function queryWith(
  lease: ConnectionLease,
  text: string,
): Promise<readonly Record<string, unknown>[]> {
  const client = await connectWith(lease)
  try {
    const { rows } = await client.query<Record<string, unknown>>(text)
    return rows
  } finally {
    await client.end()
  }
}
