// Connections come from leases, and leases end. A pool holds one generation of connections per lease: new work gets
// the newest generation, older ones finish what they have and are then closed, at the latest after the drain window.
import { isUserEngineError, UserEngineError } from '@user-engine/store-protocol'
import pg from 'pg'
import type { ConnectionLease, LeaseRole, PostgresCapability } from '../capability/postgres-capability.ts'
import { withinTime } from '../within-time.ts'
import { clientConfig } from './client-config.ts'
import { type Connection, createConnection } from './connection.ts'
import { isCredentialRefusal, mapConnectError } from './map-error.ts'

export interface ConnectionPoolOptions {
  readonly capability: PostgresCapability
  readonly role: LeaseRole
  readonly maxConnections: number
  readonly namedStatements: boolean
  readonly applicationName: string
  /** Called when a connection was lost or could not be had, and when a newer lease is in use. */
  readonly onDoubt: () => void
  /** Called for each new connection before it is handed out: the server behind the address may have been replaced. */
  readonly onConnect?: () => void
}

/** How long a lease is not asked for again after a failure that a newer one might mend, in milliseconds. */
const RENEWAL_PAUSE_MS = 1_000
/** How long the provider may take to hand out a lease, in milliseconds. */
const LEASE_TIMEOUT_MS = 10_000

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
  #renewedAt = 0
  /** The current lease may lead to a server that is gone: after a failover the provider hands out another address. */
  #isDoubted = false
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
    const generation = isDue(this.#current) ? await this.#renew() : await this.#trusted(this.#current)
    try {
      return await this.#connect(generation, deadline)
    } catch (error) {
      if (isUserEngineError(error)) throw this.#explain(error)
      this.#doubt()
      // The credential may have been replaced before its announced end: one newer lease is tried. So it is when the server
      // may have been replaced, if there is another lease at all.
      const renewed = isCredentialRefusal(error)
        ? await this.#successorOf(generation)
        : await this.#trusted(generation)
      if (renewed === generation && !isCredentialRefusal(error)) throw this.#explain(error)
      return await this.#connect(renewed, deadline).catch((second) => {
        throw this.#explain(second)
      })
    }
  }

  /** The generation, or a newer one when there is doubt about it and the provider has another lease. */
  async #trusted(generation: Generation): Promise<Generation> {
    const isToAsk = this.#isDoubted && performance.now() - this.#renewedAt > RENEWAL_PAUSE_MS
    if (!isToAsk && this.#renewal === null) return this.#current ?? generation
    // A provider that does not answer has nothing better.
    return await withinTime(this.#renew(), RENEWAL_PAUSE_MS).catch(() => generation)
  }

  async #successorOf(generation: Generation): Promise<Generation> {
    return this.#current === generation || this.#current === null ? await this.#renew() : this.#current
  }

  #doubt(): void {
    this.#isDoubted = true
    this.#options.onDoubt()
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
          const waiting = generation.busy.size >= this.#options.maxConnections
          if (!waiting) this.#doubt()
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
            if (broken === true) this.#doubt()
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
    this.#renewedAt = performance.now()
    this.#isDoubted = false
    const { capability, role } = this.#options
    const lease = await withinTime(capability.lease(role), LEASE_TIMEOUT_MS).catch((error: unknown) => {
      this.#isDoubted = true
      throw new UserEngineError('UNAVAILABLE', { reason: 'refused' }, { cause: error })
    })
    const before = this.#current
    if (before !== null && isSame(before.lease, lease)) return before
    const generation: Generation = { lease, pool: this.#openPool(lease), busy: new Set() }
    this.#current = generation
    if (before === null) return generation
    this.#retire(before)
    this.#options.onDoubt()
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
    pool.on('error', () => this.#doubt())
    pool.on('connect', (client) => {
      client.on('error', () => {})
      this.#options.onConnect?.()
    })
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

function isSame(one: ConnectionLease, other: ConnectionLease): boolean {
  return one.leaseId === other.leaseId && one.host === other.host && one.port === other.port
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
