import { setTimeout as pause } from 'node:timers/promises'
import type { CapabilityDescription } from '@user-engine/store-protocol'
import type pg from 'pg'
import { asServerError } from '../connection/map-error.ts'
import type { SchemaName } from '../sql/schema-name.ts'
import { quoteIdentifier } from './access.ts'

/** How the owner of the schema steps aside for the service. Times are in milliseconds. */
export interface OwnerLimits {
  /** How long one attempt waits for the locks of others. */
  readonly lockTimeoutMs: number
  /** How long attempts go on. */
  readonly patienceMs: number
  readonly statementTimeoutMs: number
}

interface OwnerConnection {
  readonly client: pg.Client
  readonly description: CapabilityDescription
  readonly schema: SchemaName
  readonly limits: OwnerLimits
}

/** Runs work in a transaction as the owner of the schema, with names that are looked up there. */
export async function asOwner<Result>(
  { client, description, schema, limits }: OwnerConnection,
  work: () => Promise<Result>,
): Promise<Result> {
  await client.query('BEGIN')
  try {
    await client.query(`SET LOCAL ROLE ${quoteIdentifier(description.roles.owner)}`)
    await client.query(`SET LOCAL search_path = ${schema}, pg_temp`)
    await client.query(`SET LOCAL statement_timeout = ${limits.statementTimeoutMs}`)
    await client.query(`SET LOCAL lock_timeout = ${limits.lockTimeoutMs}`)
    await client.query('SET LOCAL idle_in_transaction_session_timeout = 0')
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

/**
 * A lock that is waited for keeps everybody who comes later waiting as well. So each attempt waits for a moment only, is
 * undone, and lets the service through before the next.
 */
export async function patiently<Result>(
  { lockTimeoutMs, patienceMs }: OwnerLimits,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const until = performance.now() + patienceMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (asServerError(error)?.code !== '55P03' || performance.now() > until) throw error
      await pause(lockTimeoutMs * (1 + Math.random()))
    }
  }
}
