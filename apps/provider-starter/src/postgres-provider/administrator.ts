import pg from 'pg'

/** How the platform reaches its own server; nothing of it is ever handed over. */
export interface Administrator {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

/** Runs work as the administrator in one database of the server. */
export async function asAdministrator<Result>(
  administrator: Administrator,
  database: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const { host, port, user, password } = administrator
  return await withClient({ host, port, user, password, database }, work)
}

/** Runs work on a connection that is closed afterwards. */
export async function withClient<Result>(
  config: pg.ClientConfig,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client(config)
  // A server that is killed ends the connection at a moment of its own; the query in flight reports it.
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
