// How a store comes by a connection: one to a schema that this release may serve, and, for what works with leases, to data in
// the epoch that the provider names.
import { type CapabilityDescription, UserEngineError } from '@user-engine/store-protocol'
import type { Connection } from './connection/connection.ts'
import type { ConnectionPool } from './connection/connection-pool.ts'
import { mapErrorBesideWork } from './connection/map-error.ts'
import type { Row, StatementCall } from './connection/statement.ts'
import type { PostgresStoreOptions } from './create-postgres-store.ts'
import { createEpochKeeper, type EpochKeeper } from './epochs/epoch-keeper.ts'
import { epochStatements } from './epochs/epoch-statements.ts'
import { commitOneBatch } from './one-batch.ts'
import { createSchemaGate, type SchemaGate } from './schema-version.ts'
import type { SchemaName } from './sql/schema-name.ts'
import { openPools, type StorePools } from './store-pools.ts'

export interface StoreConnections {
  readonly pools: StorePools
  readonly gate: SchemaGate
  readonly epochs: EpochKeeper
  /** A connection to a schema that this release may serve [MIG-02]. @throws UserEngineError `SCHEMA_MISMATCH`. */
  acquire(pool: ConnectionPool, timeoutMs: number): Promise<Connection>
  /** Lends a connection to whatever schema there is, for what looks at it. Errors of the driver are translated. */
  withConnection<Result>(
    role: 'runtime' | 'relay',
    work: (connection: Connection) => Promise<Result>,
  ): Promise<Result>
  /**
   * Commits calls as the relay in one round trip, and returns the rows of each; `isInEpoch` for those that work with
   * leases [CAP-06].
   */
  commitAsRelay(
    calls: readonly StatementCall[],
    options?: { readonly isInEpoch: boolean },
  ): Promise<readonly (readonly Row[])[]>
  /** Waits at most so long for connections that are lent. */
  close(timeoutMs: number): Promise<void>
}

interface StoreConnectionsOptions {
  readonly store: PostgresStoreOptions
  readonly description: CapabilityDescription
  readonly schema: SchemaName
  /** The time limit of what a store asks for itself, in milliseconds. */
  readonly timeoutMs: number
}

/** Nothing is connected yet. @throws UserEngineError `VALIDATION` when the capability allows for fewer connections. */
export function createStoreConnections(options: StoreConnectionsOptions): StoreConnections {
  return new GuardedConnections(options)
}

class GuardedConnections implements StoreConnections {
  readonly pools: StorePools
  readonly gate: SchemaGate
  readonly epochs: EpochKeeper
  readonly #timeoutMs: number

  constructor({ store, description, schema, timeoutMs }: StoreConnectionsOptions) {
    this.#timeoutMs = timeoutMs
    this.gate = createSchemaGate(schema)
    this.pools = openPools(store, {
      description,
      onDoubt: () => this.#doubt(),
      onRelayConnect: () => this.epochs.doubt(),
    })
    this.epochs = createEpochKeeper({
      capability: store.capability,
      stated: description.epoch,
      statements: epochStatements(schema),
      timeoutMs,
      commit: (calls) => this.commitAsRelay(calls),
      withConnection: (role, work) => this.withConnection(role, work),
    })
  }

  async acquire(pool: ConnectionPool, timeoutMs: number): Promise<Connection> {
    const connection = await pool.acquire(timeoutMs)
    if (this.gate.isOpen) return connection
    try {
      await this.gate.open(connection)
      return connection
    } catch (error) {
      connection.destroy()
      throw mapErrorBesideWork(error, { timeoutMs })
    }
  }

  async withConnection<Result>(
    role: 'runtime' | 'relay',
    work: (connection: Connection) => Promise<Result>,
  ): Promise<Result> {
    const timeoutMs = this.#timeoutMs
    const deadline = performance.now() + timeoutMs
    const connection = await this.pools[role].acquire(timeoutMs)
    // Whoever answers for a server that is gone, such as a pooler, may never answer.
    const timer = setTimeout(() => connection.destroy(), Math.max(1, deadline - performance.now()))
    try {
      const result = await work(connection)
      connection.release()
      return result
    } catch (error) {
      connection.destroy()
      throw mapErrorBesideWork(error, { timeoutMs })
    } finally {
      clearTimeout(timer)
    }
  }

  commitAsRelay(
    calls: readonly StatementCall[],
    { isInEpoch } = { isInEpoch: false },
  ): Promise<readonly (readonly Row[])[]> {
    return commitOneBatch({
      acquire: (limitMs) =>
        isInEpoch ? this.#acquireInEpoch(limitMs) : this.acquire(this.pools.relay, limitMs),
      scope: { relay: true },
      calls,
      timeoutMs: this.#timeoutMs,
    })
  }

  async close(timeoutMs: number): Promise<void> {
    await Promise.all(Object.values(this.pools).map((pool) => pool.close(timeoutMs)))
  }

  /** The server behind the lease may be another one, or another state of the same: nothing that was found holds any more. */
  #doubt(): void {
    this.gate.close()
    this.epochs.doubt()
  }

  /**
   * A connection of the relay to data that is in the epoch of the provider [CAP-06]. Looked at once more when the connection
   * is there: while it was waited for, the server may have been lost and another one found.
   */
  async #acquireInEpoch(timeoutMs: number): Promise<Connection> {
    const deadline = performance.now() + timeoutMs
    while (performance.now() < deadline) {
      await this.epochs.settle()
      const connection = await this.acquire(this.pools.relay, deadline - performance.now())
      if (this.epochs.isSettled) return connection
      connection.release()
    }
    throw new UserEngineError('UNAVAILABLE', { reason: 'unreachable' })
  }
}
