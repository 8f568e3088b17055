import pg from 'pg'
import type { AdminConnection } from './backends/backend.ts'

export interface QueryRows {
  readonly rows: Record<string, unknown>[]
}

/** Runs work with an administrator's connection to one database. */
export async function asAdministrator<Result>(
  admin: AdminConnection,
  database: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const { host, port, user, password, tls } = admin
  const ssl = tls.mode === 'disable' ? false : { ca: tls.ca, rejectUnauthorized: true }
  const client = new pg.Client({
    host,
    port,
    user,
    password,
    database,
    ssl,
    application_name: 'user-engine provider',
  })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}

/** Quotes an identifier for SQL text. */
export function identifier(name: string): string {
  return pg.escapeIdentifier(name)
}

/** Quotes a literal for SQL text. */
export function literal(text: string): string {
  return pg.escapeLiteral(text)
}
