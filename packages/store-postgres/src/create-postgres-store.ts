import {
  type AuditRecord,
  acceptCapability,
  type CapabilityDescription,
  type Diagnostics,
  isUserEngineError,
  type PostgresCapability,
  PROTOCOL_VERSION,
  parseScope,
  type Readiness,
  type ReadOptions,
  readDescription,
  type SchemaVersion,
  type Scope,
  type StoreCapabilities,
  type StoreReader,
  type StoreTransaction,
  type TransactOptions,
  tenantOf,
  UserEngineError,
  type UserEngineStore,
  validate,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { planAppend } from './audit.ts'
import { createCapabilities, DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS } from './capabilities.ts'
import type { ConnectionPool } from './connection/connection-pool.ts'
import { describeStore } from './diagnostics.ts'
import { createErrorLog } from './error-log.ts'
import { SessionHandle } from './handle.ts'
import { createIdempotencyRecord, type IdempotencyRecord } from './idempotency.ts'
import { createInterruption, type Interruption } from './interruption.ts'
import { createOutboxPort, type PostgresOutboxPort } from './outbox-port.ts'
import { outboxPortStatements } from './outbox-port-statements.ts'
import { createPrismaRunner, type PrismaRunner } from './prisma-runner.ts'
import { checkReadiness } from './readiness.ts'
import { createSession, type Session } from './session.ts'
import { parseSchemaName, type SchemaName } from './sql/schema-name.ts'
import { createStatements, type Statements } from './statements.ts'
import { createStoreConnections, type StoreConnections } from './store-connections.ts'
import { KEY_ALREADY_USED, runRead, runTransaction } from './transaction.ts'
import {
  BEGIN_READ,
  BEGIN_TRANSACTION,
  briefContextCall,
  contextCall,
  type TransactionScope,
} from './transaction-context.ts'

export interface PostgresStoreOptions {
  /** What the provider hands over; plain data and functions [CAP-01]. */
  readonly capability: PostgresCapability
  /**
   * How many connections serve units of work. One more is kept for denials, so that a denial never waits for a
   * transaction [AUD-04]. Default: what the capability allows for `runtime`, less that one.
   */
  readonly maxConnections?: number
  /** How many connections serve the outbox. Default: what the capability allows for `relay`. */
  readonly maxRelayConnections?: number
  /** The time limit of a unit of work that names none, in milliseconds. Default 5,000. */
  readonly defaultTimeoutMs?: number
  /** How long the first result of an idempotency key is kept, in milliseconds. Default seven days. */
  readonly idempotencyRetentionMs?: number
  readonly outbox?: {
    /** Default 10. */
    readonly maxAttempts?: number
    /** Default 1,000. */
    readonly maxBatch?: number
    /** Default one hour. */
    readonly maxLeaseMs?: number
  }
}

/** A store on Postgres. */
export interface PostgresStore extends UserEngineStore {
  /**
   * Removes idempotency keys beyond their retention, a batch at a time; call it every few minutes. Returns how many
   * were removed.
   */
  purgeIdempotencyKeys(): Promise<number>
}

/**
 * Opens a store on what a provider hands over. Nothing is connected yet: the first unit of work, or `readiness()`,
 * does that.
 * @throws UserEngineError `VALIDATION` with a sentence that says what to hand over, when the capability is not one or its
 * description cannot be served [CAP-01].
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const description = await readDescription(acceptCapability(options.capability))
  return new ConnectedStore(options, description)
}

const timeoutSchema = z.int().min(1).max(MAX_TIMEOUT_MS)
const CLOSE_TIMEOUT_MS = 5_000
const PURGE_BATCH = 1_000

class ConnectedStore implements PostgresStore {
  readonly protocolVersion = PROTOCOL_VERSION
  readonly capabilities: StoreCapabilities
  readonly outbox: PostgresOutboxPort
  readonly #options: PostgresStoreOptions
  readonly #schema: SchemaName
  readonly #sql: Statements
  readonly #connections: StoreConnections
  readonly #prisma: PrismaRunner
  readonly #errors = createErrorLog()
  readonly #running = new Set<Interruption>()
  #closing: Promise<void> | null = null

  constructor(options: PostgresStoreOptions, description: CapabilityDescription) {
    const { defaultTimeoutMs = DEFAULT_TIMEOUT_MS, idempotencyRetentionMs = 7 * 86_400_000, outbox } = options
    const limits = { maxAttempts: 10, maxBatch: 1_000, maxLeaseMs: 3_600_000, ...outbox }
    this.#options = options
    this.#schema = parseSchemaName(description.schema)
    this.#sql = createStatements(this.#schema)
    this.capabilities = createCapabilities({ defaultTimeoutMs, idempotencyRetentionMs, outbox: limits })
    this.#connections = createStoreConnections({
      store: options,
      description,
      schema: this.#schema,
      timeoutMs: defaultTimeoutMs,
    })
    this.#prisma = createPrismaRunner({
      schema: this.#schema,
      namedStatements: description.pooler.preparedStatements,
    })
    this.outbox = createOutboxPort({
      statements: outboxPortStatements(this.#schema),
      limits,
      commit: (calls) => this.#connections.commitAsRelay(calls),
      commitInEpoch: (calls) => this.#connections.commitAsRelay(calls, { isInEpoch: true }),
    })
  }

  read<Result>(
    scope: Scope,
    work: (reader: StoreReader) => Result | Promise<Result>,
    options?: ReadOptions,
  ): Promise<Result> {
    return this.#run(options?.timeoutMs, async (interruption, timeoutMs) => {
      const tenantId = tenantOf(parseScope(scope))
      const session = this.#openSession({
        scope: { tenantId },
        pool: this.#connections.pools.runtime,
        timeoutMs,
        readOnly: true,
      })
      const handle = new SessionHandle({ session, tenantId, prisma: this.#prisma, readOnly: true })
      return await runRead({ handle, statements: this.#sql, work, interruption })
    })
  }

  transact<Result>(
    scope: Scope,
    work: (tx: StoreTransaction) => Result | Promise<Result>,
    options?: TransactOptions,
  ): Promise<Result> {
    return this.#run(options?.timeoutMs, async (interruption, timeoutMs) => {
      const tenantId = tenantOf(parseScope(scope))
      const idempotency =
        options?.idempotency === undefined
          ? null
          : createIdempotencyRecord(this.#sql.idempotency, { tenantId, idempotency: options.idempotency })
      const scoped = { scope: { tenantId }, pool: this.#connections.pools.runtime, timeoutMs }
      const session = this.#openSession({ ...scoped, idempotent: idempotency !== null })
      const handle = new SessionHandle({ session, tenantId, prisma: this.#prisma })
      const result = await runTransaction({ handle, statements: this.#sql, work, interruption, idempotency })
      if (result !== KEY_ALREADY_USED) return result
      return (await this.#firstResult(scoped, idempotency)) as Result
    })
  }

  recordDenial(scope: Scope, record: AuditRecord): Promise<void> {
    return this.#run(undefined, async (_, timeoutMs) => {
      const tenantId = tenantOf(parseScope(scope))
      const append = planAppend(this.#sql.audit, tenantId, record)
      if (record.outcome === 'allowed') {
        throw new UserEngineError('VALIDATION', {
          issues: [{ path: 'outcome', expected: 'denied or failed' }],
        })
      }
      try {
        const session = this.#openSession({
          scope: { tenantId },
          pool: this.#connections.pools.denials,
          timeoutMs,
        })
        session.write(append)
        await endWith(session, session.commit())
      } catch (error) {
        if (isUserEngineError(error, 'DUPLICATE_KEY')) throw error
        const causeCode = isUserEngineError(error) ? { causeCode: error.code } : {}
        throw new UserEngineError('DENIAL_NOT_RECORDED', causeCode, { cause: error })
      }
    })
  }

  async readiness(): Promise<Readiness> {
    this.#assertOpen()
    return await checkReadiness({
      schema: this.#schema,
      connections: this.#connections,
      outboxLag: () => this.outbox.lag(),
    })
  }

  schemaVersion(): Promise<SchemaVersion> {
    return this.#run(undefined, async () => {
      const { gate } = this.#connections
      const finding = await this.#connections.withConnection('runtime', (connection) =>
        gate.judge(connection),
      )
      return gate.versionOf(finding)
    })
  }

  async diagnostics(): Promise<Diagnostics> {
    this.#assertOpen()
    return await describeStore({
      schema: this.#schema,
      capability: this.#options.capability,
      connections: this.#connections,
      errors: this.#errors.entries,
      outboxStats: () => this.outbox.stats(),
    })
  }

  async purgeIdempotencyKeys(): Promise<number> {
    const { retentionMs } = this.capabilities.idempotency
    const values = [String(retentionMs ?? 0), String(PURGE_BATCH)]
    let removed = 0
    for (;;) {
      const [[row] = []] = await this.#run(undefined, () =>
        this.#connections.commitAsRelay([{ statement: this.#sql.idempotency.purge, values }]),
      )
      const tag = Number(row?.[0])
      removed += tag
      if (tag < PURGE_BATCH) return removed
    }
  }

  close(options?: { readonly timeoutMs?: number }): Promise<void> {
    this.#closing ??= this.#close(options?.timeoutMs ?? CLOSE_TIMEOUT_MS)
    return this.#closing
  }

  async #close(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    const timer = setTimeout(() => {
      for (const interruption of this.#running)
        interruption.interrupt(new UserEngineError('STORE_CLOSED', {}))
    }, timeoutMs)
    while (this.#running.size > 0) await Promise.all([...this.#running].map(({ dismissed }) => dismissed))
    clearTimeout(timer)
    const left = Math.max(100, deadline - performance.now())
    await this.#connections.close(left)
    await this.#prisma.close()
  }

  /** Runs a unit of work with its time limit, as one that `close` waits for, and counts its error. */
  async #run<Result>(
    requestedMs: number | undefined,
    work: (interruption: Interruption, timeoutMs: number) => Promise<Result>,
  ): Promise<Result> {
    let interruption: Interruption | null = null
    try {
      this.#assertOpen()
      const timeoutMs =
        requestedMs === undefined
          ? this.capabilities.transactions.defaultTimeoutMs
          : validate(timeoutSchema, requestedMs)
      interruption = createInterruption(timeoutMs)
      this.#running.add(interruption)
      return await work(interruption, timeoutMs)
    } catch (error) {
      throw this.#errors.note(error)
    } finally {
      interruption?.dismiss()
      if (interruption !== null) this.#running.delete(interruption)
    }
  }

  #assertOpen(): void {
    if (this.#closing !== null) throw new UserEngineError('STORE_CLOSED', {})
  }

  #openSession(options: {
    readonly scope: TransactionScope
    readonly pool: ConnectionPool
    readonly timeoutMs: number
    readonly readOnly?: boolean
    readonly idempotent?: boolean
  }): Session {
    const { scope, pool, timeoutMs, readOnly = false, idempotent = false } = options
    return createSession({
      acquire: (limitMs) => this.#connections.acquire(pool, limitMs),
      begin: readOnly ? BEGIN_READ : BEGIN_TRANSACTION,
      context: (remainingMs) => contextCall(scope, remainingMs),
      briefContext: (remainingMs) => briefContextCall(scope, remainingMs),
      timeoutMs,
      readOnly,
      idempotent,
    })
  }

  async #firstResult(
    options: { readonly scope: TransactionScope; readonly pool: ConnectionPool; readonly timeoutMs: number },
    idempotency: IdempotencyRecord | null,
  ): Promise<unknown> {
    if (idempotency === null)
      throw new UserEngineError('INTERNAL', { reference: 'used key of a unit without key' })
    const session = this.#openSession({ ...options, readOnly: true })
    const found = session.read(idempotency.find, (rows) => idempotency.parseFound(rows))
    await endWith(session, session.commit())
    const first = await found
    // Purged between the two transactions: the work may simply be done again.
    if (first === null) throw new UserEngineError('SERIALIZATION_CONFLICT', {})
    return first.result
  }
}

async function endWith<Result>(session: Session, work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    await session.rollback()
    throw error
  }
}
