import {
  idempotencySchema,
  parseScope,
  type ReadOptions,
  type Scope,
  type StoreReader,
  type StoreTransaction,
  type TransactOptions,
  tenantOf,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { commitWithAudit } from './audit-order.ts'
import { createCalls } from './calls.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { createDeadline, type Deadline } from './deadline.ts'
import { createReader } from './handle.ts'
import { findFirstResult, keepFirstResult } from './idempotency.ts'
import { CAPABILITIES } from './manifest.ts'
import { runNested, startWork, type Work } from './nested-work.ts'
import { createSlots } from './slots.ts'
import type { Unit } from './unit.ts'
import { beginTurn } from './writer-turn.ts'

const { defaultTimeoutMs, maxTimeoutMs } = CAPABILITIES.transactions
const readOptionsSchema = z.strictObject({ timeoutMs: z.int().min(1).max(maxTimeoutMs).optional() })
const transactOptionsSchema = readOptionsSchema.extend({ idempotency: idempotencySchema.optional() })

/** Runs reads and transactions, each within its time. */
export interface UnitsOfWork {
  read<Result>(scope: Scope, work: Work<StoreReader, Result>, options?: ReadOptions): Promise<Result>
  transact<Result>(
    scope: Scope,
    work: Work<StoreTransaction, Result>,
    options?: TransactOptions,
  ): Promise<Result>
  readonly pool: {
    readonly max: number
    readonly open: number
    readonly busy: number
    readonly waiting: number
  }
  /** Waits for what runs, and cuts off what is left after the limit with `STORE_CLOSED`. */
  end(timeoutMs: number): Promise<void>
}

/** At most `maxReaders` reads at once, and one transaction. */
export function createUnitsOfWork(database: Database, maxReaders: number): UnitsOfWork {
  return new SqliteUnits(database, maxReaders)
}

class SqliteUnits implements UnitsOfWork {
  readonly #database: Database
  readonly #maxReaders: number
  readonly #turn = createSlots(1)
  readonly #readers: ReturnType<typeof createSlots>
  readonly #idle: Connection[] = []
  readonly #running = new Map<Promise<unknown>, Deadline>()

  constructor(database: Database, maxReaders: number) {
    this.#database = database
    this.#maxReaders = maxReaders
    this.#readers = createSlots(maxReaders)
  }

  get pool(): UnitsOfWork['pool'] {
    const busy = this.#readers.taken + this.#turn.taken
    const open = this.#readers.taken + this.#idle.length + 1
    return { max: this.#maxReaders + 1, open, busy, waiting: this.#readers.waiting + this.#turn.waiting }
  }

  async read<Result>(
    scope: Scope,
    work: Work<StoreReader, Result>,
    options: ReadOptions = {},
  ): Promise<Result> {
    const tenantId = tenantOf(parseScope(scope))
    const { timeoutMs = defaultTimeoutMs } = validate(readOptionsSchema, options)
    return await this.#within(timeoutMs, async (deadline) => {
      const free = await this.#readers.take(deadline)
      const calls = createCalls({ aborts: false, isEnded: () => false })
      let connection: Connection | null = null
      try {
        connection = this.#idle.pop() ?? this.#database.openReader()
        connection.exec('BEGIN')
        // The first look at a file fixes its moment: both files at once, before anybody else has a turn.
        connection.get('SELECT (SELECT 1 FROM main.users LIMIT 1), (SELECT 1 FROM beside.counters)')
        return await deadline.race(startWork(work, createReader({ connection, tenantId }, calls)))
      } finally {
        calls.end()
        if (connection !== null) this.#giveBack(connection)
        free()
      }
    })
  }

  async transact<Result>(
    scope: Scope,
    work: Work<StoreTransaction, Result>,
    options: TransactOptions = {},
  ): Promise<Result> {
    const tenantId = tenantOf(parseScope(scope))
    const { timeoutMs = defaultTimeoutMs, idempotency } = validate(transactOptionsSchema, options)
    return await this.#within(timeoutMs, async (deadline) => {
      const { writer, beside } = this.#database
      const free = await beginTurn(writer, this.#turn, deadline)
      const unit: Unit = { connection: writer, tenantId }
      let ended = false
      let committed = false
      try {
        writer.exec('DELETE FROM temp.created; DELETE FROM temp.pending_audit;')
        const first = idempotency === undefined ? null : findFirstResult(unit, idempotency)
        if (first !== null) return first.result as Result
        const root = runNested({ unit, work, depth: 0, isEnded: () => ended })
        const result = await deadline.race(root)
        if (idempotency !== undefined) keepFirstResult(unit, idempotency, result)
        commitWithAudit(writer, beside, { idempotent: idempotency !== undefined })
        committed = true
        return result
      } finally {
        ended = true
        if (!committed) rolledBack(writer)
        free()
      }
    })
  }

  async end(timeoutMs: number): Promise<void> {
    const left = () => Promise.allSettled([...this.#running.keys()])
    const deadline = createDeadline(timeoutMs)
    await deadline.race(left()).catch(() => {
      for (const running of this.#running.values()) running.cut(new UserEngineError('STORE_CLOSED', {}))
    })
    deadline.clear()
    await left()
    for (const reader of this.#idle.splice(0)) reader.close()
  }

  #giveBack(connection: Connection): void {
    if (rolledBack(connection)) this.#idle.push(connection)
    else connection.close()
  }

  async #within<Result>(timeoutMs: number, run: (deadline: Deadline) => Promise<Result>): Promise<Result> {
    const deadline = createDeadline(timeoutMs)
    const running = run(deadline)
    this.#running.set(running, deadline)
    try {
      return await running
    } finally {
      this.#running.delete(running)
      deadline.clear()
    }
  }
}

// A transaction that failed to begin or to commit may have none to roll back.
function rolledBack(connection: Connection): boolean {
  try {
    connection.exec('ROLLBACK')
    return true
  } catch {
    return false
  }
}
