// Connections come from leases, and leases end. A pool holds one generation of connections per lease: new work gets
// the newest generation, older ones finish what they have and are then closed, at the latest after the drain window.
import { UserEngineError } from '@user-engine/store-protocol'
import pg from 'pg'
import type { ConnectionLease, LeaseRole, PostgresCapability } from '../capability/postgres-capability.ts'
import { clientConfig } from './client-config.ts'
import { type Connection, createConnection } from './connection.ts'
import { isCredentialRefusal, mapConnectError } from './map-error.ts'

export interface ConnectionPoolOptions {
  readonly capability: PostgresCapability
  readonly role: LeaseRole
  readonly maxConnections: number
  readonly namedStatements: boolean
  readonly applicationName: string
}

export interface ConnectionPool {
  /**
   * A connection for exclusive use until it is released.
   * @throws UserEngineError `UNAVAILABLE` when none can be had within `timeoutMs`; `STORE_CLOSED`.
   */
  acquire(timeoutMs: number): Promise<Connection>
  readonly usage: PoolUsage
  /** The lease new connections are opened with; `null` before the first. */
  readonly lease: ConnectionLease | null
  /** Lets acquired connections end within `timeoutMs`, then cuts them. */
  close(timeoutMs: number): Promise<void>
}

export interface PoolUsage {
  readonly max: number
  readonly open: number
  readonly busy: number
  readonly waiting: number
}

interface Generation {
  readonly lease: ConnectionLease
  readonly pool: pg.Pool
  readonly busy: Set<Connection>
}

export function createConnectionPool(options: ConnectionPoolOptions): ConnectionPool {
  return new LeasedConnectionPool(options)
}

class LeasedConnectionPool implements ConnectionPool {
  readonly #options: ConnectionPoolOptions
  readonly #retired = new Set<Generation>()
  #current: Generation | null = null
  #renewal: Promise<Generation> | null = null
  #closing: Promise<void> | null = null

  constructor(options: ConnectionPoolOptions) {
    this.#options = options
  }

  get lease(): ConnectionLease | null {
    return this.#current?.lease ?? null
  }

  get usage(): PoolUsage {
    const generations = this.#current === null ? [...this.#retired] : [this.#current, ...this.#retired]
    const sum = (count: (generation: Generation) => number) =>
      generations.reduce((total, generation) => total + count(generation), 0)
    return {
      max: this.#options.maxConnections,
      open: sum(({ pool }) => pool.totalCount),
      busy: sum(({ busy }) => busy.size),
      waiting: sum(({ pool }) => pool.waitingCount),
    }
  }

  async acquire(timeoutMs: number): Promise<Connection> {
    if (this.#closing !== null) throw new UserEngineError('STORE_CLOSED', {})
    const deadline = performance.now() + timeoutMs
    const generation = isDue(this.#current) ? await this.#renew() : this.#current
    try {
      return await this.#connect(generation, deadline)
    } catch (error) {
      // The credential may have been replaced before its announced end: one newer lease is tried.
      if (!isCredentialRefusal(error)) throw this.#explain(error)
      const renewed =
        this.#current === generation ? await this.#renew() : (this.#current ?? (await this.#renew()))
      return await this.#connect(renewed, deadline).catch((second) => {
        throw this.#explain(second)
      })
    }
  }

  #explain(error: unknown): UserEngineError {
    return this.#closing === null ? mapConnectError(error) : new UserEngineError('STORE_CLOSED', {})
  }

  #connect(generation: Generation, deadline: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      let settled = false
      const timer = setTimeout(
        () => {
          settled = true
          const waiting = generation.pool.totalCount >= this.#options.maxConnections
          reject(new UserEngineError('UNAVAILABLE', { reason: waiting ? 'overloaded' : 'unreachable' }))
        },
        Math.max(1, deadline - performance.now()),
      )
      generation.pool.connect((error, client, release) => {
        clearTimeout(timer)
        if (error !== undefined || client === undefined) {
          if (!settled) reject(error ?? new UserEngineError('UNAVAILABLE', { reason: 'unreachable' }))
          return
        }
        if (settled) {
          release()
          return
        }
        const connection = createConnection({
          client,
          named: this.#options.namedStatements,
          release: (broken) => {
            generation.busy.delete(connection)
            release(broken)
          },
        })
        generation.busy.add(connection)
        resolve(connection)
      })
    })
  }

  #renew(): Promise<Generation> {
    this.#renewal ??= this.#startGeneration().finally(() => {
      this.#renewal = null
    })
    return this.#renewal
  }

  async #startGeneration(): Promise<Generation> {
    const lease = await this.#options.capability.lease(this.#options.role).catch((error: unknown) => {
      throw new UserEngineError('UNAVAILABLE', { reason: 'refused' }, { cause: error })
    })
    const before = this.#current
    if (before !== null && before.lease.leaseId === lease.leaseId) return before
    const generation: Generation = { lease, pool: this.#openPool(lease), busy: new Set() }
    this.#current = generation
    if (before !== null) this.#retire(before)
    return generation
  }

  #openPool(lease: ConnectionLease): pg.Pool {
    const pool = new pg.Pool({
      ...clientConfig(lease),
      max: this.#options.maxConnections,
      idleTimeoutMillis: 30_000,
      application_name: this.#options.applicationName,
      onConnect: prepareConnection,
    })
    // A connection that breaks while idle is dropped by the pool; one that breaks in use fails its batch.
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
    return pool
  }

  #retire(generation: Generation): void {
    this.#retired.add(generation)
    void this.#drain(generation, generation.lease.drainMs).finally(() => this.#retired.delete(generation))
  }

  async #drain(generation: Generation, timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => {
      for (const connection of generation.busy) connection.destroy()
    }, timeoutMs)
    await generation.pool.end().finally(() => clearTimeout(timer))
  }

  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#closeAll(timeoutMs)
    return this.#closing
  }

  async #closeAll(timeoutMs: number): Promise<void> {
    await this.#renewal?.catch(() => {})
    if (this.#current !== null) this.#retire(this.#current)
    const generations = [...this.#retired]
    const timer = setTimeout(() => {
      for (const generation of generations) for (const connection of generation.busy) connection.destroy()
    }, timeoutMs)
    await Promise.all(generations.map((generation) => untilEnded(generation.pool)))
    clearTimeout(timer)
  }
}

// Instants are read in UTC and ISO style whatever the server's or the role's defaults are [VAL-04].
async function prepareConnection(client: pg.ClientBase): Promise<void> {
  await client.query(
    `SELECT set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO, YMD', false)`,
  )
}

function isDue(generation: Generation | null): generation is null {
  if (generation === null) return true
  const { expiresAt, drainMs } = generation.lease
  return expiresAt !== null && Date.parse(expiresAt) - Date.now() < Math.max(1_000, Math.min(drainMs, 30_000))
}

function untilEnded(pool: pg.Pool): Promise<void> {
  if (pool.ended) return Promise.resolve()
  return new Promise((resolve) => {
    const check = () => {
      if (pool.totalCount === 0) resolve()
      else pool.once('remove', check)
    }
    check()
  })
}
