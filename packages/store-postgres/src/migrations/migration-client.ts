import {
  type CapabilityDescription,
  type ConnectionLease,
  isUserEngineError,
  type PostgresCapability,
  readDescription,
  readLease,
  UserEngineError,
} from '@user-engine/store-protocol'
import pg from 'pg'
import { clientConfig } from '../connection/client-config.ts'
import { mapConnectError, mapErrorBesideWork } from '../connection/map-error.ts'

/** A connection of the migration login for as long as the work takes. */
export async function withMigrationClient<Result>(
  capability: PostgresCapability,
  work: (client: pg.Client, description: CapabilityDescription) => Promise<Result>,
): Promise<Result> {
  const client = await connectMigration(await readLease(capability, 'migration'))
  try {
    return await work(client, await readDescription(capability))
  } catch (error) {
    if (isUserEngineError(error)) throw error
    throw mapErrorBesideWork(error, { timeoutMs: 0 })
  } finally {
    await client.end().catch(() => {})
  }
}

/** @throws UserEngineError `UNAVAILABLE`. */
export async function connectMigration(lease: ConnectionLease): Promise<pg.Client> {
  const client = new pg.Client({ ...clientConfig(lease), application_name: 'user-engine migrate' })
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    throw mapConnectError(error)
  }
}

/** Why a step that needs a session of its own cannot run here. */
export function assertSession({ pooler }: CapabilityDescription): void {
  if (pooler.mode === 'transaction')
    throw new UserEngineError(
      'NOT_SUPPORTED',
      { capability: 'migration outside of a transaction' },
      {
        detail:
          'Hand over a migration lease that leads to the server itself, not to a pooler in transaction mode.',
      },
    )
}
