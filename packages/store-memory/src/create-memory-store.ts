import {
  type AuditRecord,
  type Diagnostics,
  idempotencySchema,
  type OutboxPort,
  PROTOCOL_VERSION,
  parseScope,
  type Readiness,
  type ReadOptions,
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
import { invalid } from './accept.ts'
import { createCapabilities, MAX_TIMEOUT_MS, type StoreLimits } from './capabilities.ts'
import { recordDenial } from './denial.ts'
import { describeStore } from './diagnostics.ts'
import { createErrorLog, type ErrorLog } from './error-log.ts'
import { createMemoryBackend, type Engine, engineOf, type MemoryBackend } from './memory-backend.ts'
import { createOutboxPort } from './outbox-port.ts'
import { runRead } from './reader.ts'
import { checkReadiness, SCHEMA_VERSION } from './readiness.ts'
import { createRunningUnits, type RunningUnits } from './running-units.ts'
import { toStoreError } from './store-error.ts'
import { runTransaction } from './transaction.ts'
import { startUnit, type UnitOfWork } from './unit-of-work.ts'

/** How a memory store is made; everything has a default. */
export interface MemoryStoreOptions {
  /** What the records are kept in; default: a backend of its own. */
  readonly backend?: MemoryBackend
  /** Limits of the outbox. All stores on one backend should have the same [SHP-04]. */
  readonly outbox?: {
    /** After how many attempts an event goes to the dead letters; default 10. */
    readonly maxAttempts?: number
    /** The largest batch of one claim; default 1,000. */
    readonly maxBatch?: number
    /** The longest lease in milliseconds; default 3,600,000. */
    readonly maxLeaseMs?: number
  }
  /** The time limit of a unit of work that names none, in milliseconds: 1 to 60,000; default 5,000. */
  readonly defaultTimeoutMs?: number
}

/** How long `close` lets running work go on, in milliseconds, when its caller names no limit. */
const DEFAULT_CLOSE_TIMEOUT_MS = 5_000

/** The longest time a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Makes a store that keeps everything in the memory of this process. It fulfils every rule of the contract that
 * binds every store, and offers no more than it says in `capabilities`.
 * @throws UserEngineError `VALIDATION` for options that are out of range.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): UserEngineStore {
  const { backend = createMemoryBackend(), outbox = {}, defaultTimeoutMs = 5_000 } = options
  const { maxAttempts = 10, maxBatch = 1_000, maxLeaseMs = 3_600_000 } = outbox
  requireInteger('defaultTimeoutMs', defaultTimeoutMs, MAX_TIMEOUT_MS)
  requireInteger('outbox.maxAttempts', maxAttempts, Number.MAX_SAFE_INTEGER)
  requireInteger('outbox.maxBatch', maxBatch, Number.MAX_SAFE_INTEGER)
  requireInteger('outbox.maxLeaseMs', maxLeaseMs, MAX_TIMER_MS)
  return new MemoryStore(engineOf(backend), {
    defaultTimeoutMs,
    outbox: { maxAttempts, maxBatch, maxLeaseMs },
  })
}

interface WorkInput {
  readonly scope: Scope
  readonly work: unknown
  readonly options: ReadOptions | undefined
}

class MemoryStore implements UserEngineStore {
  readonly protocolVersion = PROTOCOL_VERSION
  readonly capabilities: StoreCapabilities
  readonly outbox: OutboxPort
  readonly #engine: Engine
  readonly #errors: ErrorLog
  readonly #running: RunningUnits = createRunningUnits()
  #closing: Promise<void> | null = null

  constructor(engine: Engine, limits: StoreLimits) {
    this.capabilities = createCapabilities(limits)
    this.#engine = engine
    this.#errors = createErrorLog(engine.clock)
    this.outbox = createOutboxPort({
      queue: engine.queue,
      limits: this.capabilities.outbox,
      run: (call) => this.#call(call),
    })
  }

  read<Result>(
    scope: Scope,
    work: (reader: StoreReader) => Result | Promise<Result>,
    options?: ReadOptions,
  ): Promise<Result> {
    try {
      return runRead(this.#start({ scope, work, options }), work)
    } catch (error) {
      return this.#refuse(error)
    }
  }

  transact<Result>(
    scope: Scope,
    work: (tx: StoreTransaction) => Result | Promise<Result>,
    options?: TransactOptions,
  ): Promise<Result> {
    try {
      const idempotency = options?.idempotency
      if (idempotency !== undefined) validate(idempotencySchema, idempotency)
      return runTransaction(this.#start({ scope, work, options }), work, idempotency)
    } catch (error) {
      return this.#refuse(error)
    }
  }

  recordDenial(scope: Scope, record: AuditRecord): Promise<void> {
    return this.#call(() => recordDenial(this.#engine, parseScope(scope), record))
  }

  readiness(): Promise<Readiness> {
    return this.#call(() => checkReadiness(this.#engine.queue))
  }

  schemaVersion(): Promise<SchemaVersion> {
    return this.#call(() => SCHEMA_VERSION)
  }

  diagnostics(): Promise<Diagnostics> {
    return this.#call(() =>
      describeStore({
        engine: this.#engine,
        capabilities: this.capabilities,
        errors: this.#errors,
        running: this.#running,
      }),
    )
  }

  async close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    const { timeoutMs = DEFAULT_CLOSE_TIMEOUT_MS } = options
    if (!Number.isInteger(timeoutMs) || timeoutMs < 0 || timeoutMs > MAX_TIMER_MS) {
      throw invalid('timeoutMs', `an integer from 0 to ${MAX_TIMER_MS}`)
    }
    this.#closing ??= this.#running.drain(timeoutMs)
    await this.#closing
  }

  /** @throws UserEngineError `STORE_CLOSED`; `SCOPE_INVALID`; `VALIDATION`. */
  #start({ scope, work, options }: WorkInput): UnitOfWork {
    this.#requireOpen()
    const tenantId = tenantOf(parseScope(scope))
    if (typeof work !== 'function') throw invalid('work', 'a function')
    const { timeoutMs = this.capabilities.transactions.defaultTimeoutMs } = options ?? {}
    requireInteger('timeoutMs', timeoutMs, MAX_TIMEOUT_MS)
    return startUnit({
      engine: this.#engine,
      running: this.#running,
      errors: this.#errors,
      tenantId,
      timeoutMs,
    })
  }

  async #call<Result>(call: () => Result): Promise<Result> {
    try {
      this.#requireOpen()
      return call()
    } catch (error) {
      return this.#refuse(error)
    }
  }

  #refuse(error: unknown): Promise<never> {
    const refusal = toStoreError(error)
    this.#errors.note(refusal)
    return Promise.reject(refusal)
  }

  #requireOpen(): void {
    if (this.#closing !== null) throw new UserEngineError('STORE_CLOSED', {})
  }
}

function requireInteger(path: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw invalid(path, `an integer from 1 to ${max}`)
  }
}
