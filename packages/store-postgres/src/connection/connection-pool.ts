// Connections come from leases, and leases end. A pool holds one generation of connections per lease: new work gets
// the newest generation, older ones finish what they have and are then closed, at the latest after the drain window.
import {
  type ConnectionLease,
  isUserEngineError,
  type LeaseRole,
  type PostgresCapability,
  readLease,
  UserEngineError,
} from '@user-engine/store-protocol'
import pg from 'pg'
import { withinTime } from '../within-time.ts'
import { clientConfig } from './client-config.ts'
import { type Connection, createConnection } from './connection.ts'
import { isCredentialRefusal, mapConnectError } from './map-error.ts'
import { prepareConnection } from './prepare-connection.ts'
import { type CheckedOutClient, createWarmClients, type WarmClients } from './warm-clients.ts'

export interface ConnectionPoolOptions {
  readonly capability: PostgresCapability
  readonly role: LeaseRole
  readonly maxConnections: number
  readonly namedStatements: boolean
  /** Whether a connection keeps one session of the server, and not one per transaction. */
  readonly keepsSession: boolean
  /** What every transaction of these connections wants set, where they keep their session. */
  readonly settings?: Readonly<Record<string, string>>
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
  readonly warm: WarmClients
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
    const current = this.#current
    const isTrusted = !isDue(current) && !this.#isDoubted && this.#renewal === null
    const warm = isTrusted ? this.#takeWarm(current) : null
    if (warm !== null) return warm
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

  #takeWarm(generation: Generation): Connection | null {
    const client = generation.warm.take()
    return client === undefined ? null : this.#connectionOf(generation, client)
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
    const warm = this.#takeWarm(generation)
    if (warm !== null) return Promise.resolve(warm)
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
        resolve(this.#connectionOf(generation, { client, release }))
      })
    })
  }

  #connectionOf(generation: Generation, checkedOut: CheckedOutClient): Connection {
    const connection = createConnection({
      client: checkedOut.client,
      named: this.#options.namedStatements,
      commitsAtSync: this.#options.keepsSession,
      release: (broken) => {
        generation.busy.delete(connection)
        if (broken === true) this.#doubt()
        const isWanted = this.#current === generation && this.#closing === null && !this.#isDoubted
        // Whoever waits in the pool goes before whoever may come.
        if (broken !== true && isWanted && generation.pool.waitingCount === 0) generation.warm.put(checkedOut)
        else checkedOut.release(broken)
      },
    })
    generation.busy.add(connection)
    return connection
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
    const lease = await withinTime(readLease(capability, role), LEASE_TIMEOUT_MS).catch((error: unknown) => {
      this.#isDoubted = true
      // What is wrong with a lease is said without its values; what the provider threw is not known to be.
      const detail = isUserEngineError(error, 'VALIDATION') ? { detail: error.message } : {}
      throw new UserEngineError('UNAVAILABLE', { reason: 'refused' }, { ...detail, cause: error })
    })
    const before = this.#current
    if (before !== null && isSame(before.lease, lease)) return before
    const warm = createWarmClients()
    const generation: Generation = { lease, pool: this.#openPool(lease, warm), busy: new Set(), warm }
    this.#current = generation
    if (before === null) return generation
    this.#retire(before)
    this.#options.onDoubt()
    return generation
  }

  #openPool(lease: ConnectionLease, warm: WarmClients): pg.Pool {
    const pool = new pg.Pool({
      ...clientConfig(lease),
      max: this.#options.maxConnections,
      idleTimeoutMillis: 30_000,
      application_name: this.#options.applicationName,
      onConnect: (client: pg.ClientBase) => prepareConnection(client, this.#options),
    })
    // A connection that breaks while idle is dropped by the pool; one that breaks in use fails its batch.
    pool.on('error', () => this.#doubt())
    pool.on('connect', (client) => {
      client.on('error', () => {
        if (warm.drop(client)) this.#doubt()
      })
      this.#options.onConnect?.()
    })
    return pool
  }

  #retire(generation: Generation): void {
    this.#retired.add(generation)
    generation.warm.giveBack()
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
