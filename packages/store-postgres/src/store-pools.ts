import { type CapabilityDescription, UserEngineError } from '@user-engine/store-protocol'
import { type ConnectionPool, createConnectionPool } from './connection/connection-pool.ts'
import type { PostgresStoreOptions } from './create-postgres-store.ts'
import { RELAY_SETTINGS } from './transaction-context.ts'

/** The connections of a store, by what they serve. */
export interface StorePools {
  /** Units of work. */
  readonly runtime: ConnectionPool
  /** Denials: one that never waits for a transaction [AUD-04]. */
  readonly denials: ConnectionPool
  /** The outbox. */
  readonly relay: ConnectionPool
}

/** Nothing is connected yet. @throws UserEngineError `VALIDATION` when the capability allows for fewer connections. */
export function openPools(
  options: Pick<PostgresStoreOptions, 'capability' | 'maxConnections' | 'maxRelayConnections'>,
  given: {
    readonly description: CapabilityDescription
    readonly onDoubt: () => void
    readonly onRelayConnect: () => void
  },
): StorePools {
  const { capability } = options
  const { description, onDoubt, onRelayConnect } = given
  const namedStatements = description.pooler.preparedStatements
  const runtimeMax = options.maxConnections ?? description.maxConnections.runtime - 1
  const relayMax = options.maxRelayConnections ?? description.maxConnections.relay
  if (runtimeMax < 1 || relayMax < 1 || runtimeMax >= description.maxConnections.runtime) {
    throw new UserEngineError('VALIDATION', {
      issues: [
        {
          path: 'maxConnections',
          expected: 'at least 1, and one less than the capability allows for runtime',
        },
      ],
    })
  }
  const pool = (role: 'runtime' | 'relay', maxConnections: number, purpose: string) =>
    createConnectionPool({
      capability,
      role,
      maxConnections,
      namedStatements,
      keepsSession: description.pooler.mode !== 'transaction',
      applicationName: `user-engine ${purpose}`,
      onDoubt,
      ...(role === 'relay' ? { onConnect: onRelayConnect, settings: RELAY_SETTINGS } : {}),
    })
  return {
    runtime: pool('runtime', runtimeMax, 'runtime'),
    denials: pool('runtime', 1, 'denials'),
    relay: pool('relay', relayMax, 'relay'),
  }
}
