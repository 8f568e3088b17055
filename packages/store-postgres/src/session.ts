// A session is one transaction on one connection, seen as batches. What the handle is asked to do is queued and sent
// as late as possible and as much as possible at once:
//
//   - a write waits for the next read or for the commit; audit records and events wait for the commit, so that they
//     are numbered in the order of commits [AUD-06, OBX-05]; a read that must see them before gets a preview, which
//     the same batch takes back;
//   - reads made in one go travel together with every write before them;
//   - BEGIN and the tenant context go with the first batch, COMMIT with the last.
//
// A unit of work that never decides between its steps is therefore one batch and one round trip. The connection is
// acquired when the first batch is sent, so that work which sends nothing costs nothing.
//
// Level 0 is the transaction, level n the nth nested one. A failed statement fails its level and those inside it;
// undoing a level heals the connection for those around it. A lost connection fails level 0.
import { UserEngineError } from '@user-engine/store-protocol'
import { planBatch, type QueuedCall, type Step, surrounding, withoutRun } from './batch-plan.ts'
import { BatchError } from './connection/batch.ts'
import type { Connection } from './connection/connection.ts'
import { isConnectionLoss, isRefusal, type StatementSubject } from './connection/map-error.ts'
import type { Row, StatementCall, StatementResult } from './connection/statement.ts'
import { releaseSavepoint, rollbackToSavepoint, savepoint } from './savepoints.ts'
import { createLevels, type PlannedAppend, type PlannedWrite } from './session-levels.ts'
import { createTimeLimit } from './time-limit.ts'
import { failureOf, giveUp, hiddenFailure, mayBeCommitted } from './transaction-end.ts'
import { type Batch, createTransactionFrame, type FrameOptions } from './transaction-frame.ts'

export interface SessionOptions extends FrameOptions {
  readonly acquire: (timeoutMs: number) => Promise<Connection>
  readonly timeoutMs: number
  readonly idempotent: boolean
}

/** One transaction on one connection. */
export interface Session {
  /** How deep the nesting is: 0 outside every nested transaction. */
  readonly depth: number
  /** The failure of the current level. */
  readonly failure: UserEngineError | null
  /** Whether a call was rejected with that failure, so that the work could have seen it. */
  readonly isFailureTold: boolean
  /** Notes a failure that was found before anything was sent. */
  fail(error: UserEngineError): void
  /** Queues a read; it is sent in the next turn of the microtask queue, or with the commit. */
  read<Result>(call: StatementCall, parse: (rows: readonly Row[]) => Result): Promise<Result>
  /** Queues a write; its failure surfaces at the next batch. */
  write(write: PlannedWrite): void
  /** Queues an append; it is sent with the commit. @throws UserEngineError `DUPLICATE_KEY` for one that waits already. */
  append(append: PlannedAppend): void
  /** Queues a read that sees the appends of its transaction, each at a position after everything committed [TXN-06]. */
  readWithAppends<Result>(call: StatementCall, parse: (rows: readonly Row[]) => Result): Promise<Result>
  /** Whether a position belongs to an append of this transaction that waits for the commit. */
  isPreviewed(position: number): boolean
  /** Runs work of its own on the connection, after everything queued before it and before everything after it. */
  exclusive<Result>(
    subject: StatementSubject | null,
    work: (connection: Connection) => Promise<Result>,
  ): Promise<Result>
  /** Whether the promise is that of a read which is still queued. */
  isQueuedRead(promise: unknown): boolean
  /** Begins a nested level. */
  enter(): void
  /** Ends the nested level; rejects with its failure, after which it must be undone. */
  leave(): Promise<void>
  /** Undoes the nested level. */
  undo(): Promise<void>
  /** Sends the rest with a COMMIT; `last` goes right before it. Rejects with the failure of the transaction. */
  commit(last?: readonly StatementCall[]): Promise<void>
  /** Gives everything up that has not been committed, and the connection with it; never rejects. */
  rollback(): Promise<void>
}

export function createSession(options: SessionOptions): Session {
  return new BatchSession(options)
}

class BatchSession implements Session {
  readonly #options: SessionOptions
  readonly #levels = createLevels()
  readonly #limit
  readonly #frame
  readonly #queuedReads = new Set<unknown>()
  #queue: QueuedCall[] = []
  #connection: Connection | null = null
  #ended = false
  #flushScheduled = false
  /** Settles when the batch or exclusive work under way has ended; they run strictly one after the other. */
  #underWay: Promise<void> | null = null

  constructor(options: SessionOptions) {
    this.#options = options
    this.#limit = createTimeLimit(options.timeoutMs)
    this.#frame = createTransactionFrame(options, this.#limit)
  }

  get depth(): number {
    return this.#levels.depth
  }

  get failure(): UserEngineError | null {
    return this.#levels.innermost.failure
  }

  get isFailureTold(): boolean {
    return this.#levels.innermost.isFailureTold
  }

  fail(error: UserEngineError): void {
    this.#levels.innermost.failure ??= error
  }

  isQueuedRead(promise: unknown): boolean {
    return this.#queuedReads.has(promise)
  }

  read<Result>(call: StatementCall, parse: (rows: readonly Row[]) => Result): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const settle = (rows: readonly Row[]) => {
      try {
        resolve(parse(rows))
      } catch (error) {
        reject(error)
      }
    }
    this.#enqueue({ call, waiting: { settle, fail: reject } })
    // A read that nobody awaits must not bring the process down when it fails.
    promise.catch(() => {})
    this.#queuedReads.add(promise)
    this.#scheduleFlush()
    return promise
  }

  write(write: PlannedWrite): void {
    this.#levels.innermost.wrote = true
    this.#enqueue(write)
  }

  append(append: PlannedAppend): void {
    this.#levels.append(append)
  }

  readWithAppends<Result>(call: StatementCall, parse: (rows: readonly Row[]) => Result): Promise<Result> {
    const { appends } = this.#levels
    if (appends.length === 0) return this.read(call, parse)
    const inside = this.depth + 1
    this.#frame.needBegin()
    this.#enqueue({ call: savepoint(inside) })
    for (const { preview, position, subject } of appends) this.#enqueue({ call: preview(position), subject })
    const result = this.read(call, parse)
    this.#enqueue({ call: rollbackToSavepoint(inside) })
    this.#enqueue({ call: releaseSavepoint(inside) })
    return result
  }

  isPreviewed(position: number): boolean {
    return this.#levels.appends.some((append) => append.position === position)
  }

  exclusive<Result>(
    subject: StatementSubject | null,
    work: (connection: Connection) => Promise<Result>,
  ): Promise<Result> {
    const level = this.depth
    if (subject !== null) this.#levels.innermost.wrote = true
    return this.#inTurn(async () => {
      const connection = await this.#flush({ begin: true })
      const failure = this.#levels.at(level)?.failure ?? null
      if (failure !== null) throw failure
      try {
        if (connection === null) throw new UserEngineError('TRANSACTION_ENDED', {})
        return await this.#limit.wait(connection, work(connection))
      } catch (thrown) {
        const failed = { level, subject, isTold: true, committing: false }
        throw this.#noteFailure(thrown, failed)
      }
    })
  }

  enter(): void {
    this.#levels.enter()
    this.#frame.needBegin()
    this.#enqueue({ call: savepoint(this.depth) })
  }

  async leave(): Promise<void> {
    if (this.#ended) throw new UserEngineError('TRANSACTION_ENDED', {})
    const level = this.depth
    const { wrote, appends } = this.#levels.innermost
    const unprobed = appends.filter(({ isProbed }) => !isProbed)
    for (const append of unprobed) {
      this.#enqueue({ call: append.probe, subject: append.subject })
      append.isProbed = true
    }
    this.#enqueue({ call: releaseSavepoint(level) })
    // A level that wrote nothing has nothing left that could fail; its end travels with the next batch.
    if (wrote || unprobed.length > 0) await this.#inTurn(() => this.#flush())
    const { failure } = this.#levels.innermost
    if (failure !== null) throw failure
    this.#levels.keep()
  }

  async undo(): Promise<void> {
    const level = this.depth
    while (this.#underWay !== null) await this.#underWay
    const { begun } = this.#levels.innermost
    this.#dropQueued(level)
    this.#levels.drop()
    if (!begun || this.failure !== null) return
    this.#enqueue({ call: rollbackToSavepoint(level) })
    this.#enqueue({ call: releaseSavepoint(level) })
    // At once: the locks of the level are given up, and the levels around it can go on.
    await this.#inTurn(() => this.#flush({ heals: true }))
  }

  async commit(last: readonly StatementCall[] = []): Promise<void> {
    for (const append of this.#levels.outermost.appends.splice(0)) this.#enqueue(append)
    await this.#inTurn(() => this.#flush({ commit: true, last }))
    const { failure } = this.#levels.outermost
    if (failure !== null) throw failure
    this.#ended = true
    this.#connection?.release()
    this.#connection = null
  }

  async rollback(): Promise<void> {
    this.#dropQueued(0)
    while (this.#underWay !== null) await this.#underWay
    if (this.#ended) return
    this.#ended = true
    const connection = this.#connection
    this.#connection = null
    if (connection === null) return
    await giveUp(connection, { failure: this.#levels.outermost.failure, isOpen: this.#frame.isOpen })
  }

  #enqueue(queued: { readonly call: StatementCall } & Partial<QueuedCall>): void {
    const { call, subject = null, bulk = null, waiting = null } = queued
    const { statement, values } = call
    this.#queue.push({ statement, values, level: this.depth, subject, bulk, waiting })
  }

  #dropQueued(fromLevel: number): void {
    const dropped = this.#queue.filter((call) => call.level >= fromLevel)
    this.#queue = this.#queue.filter((call) => call.level < fromLevel)
    for (const { waiting } of dropped) waiting?.fail(new UserEngineError('TRANSACTION_ENDED', {}))
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    queueMicrotask(() => {
      this.#flushScheduled = false
      const isRead = this.#queue.some((call) => call.waiting !== null)
      if (isRead) void this.#inTurn(() => this.#flush())
    })
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#underWay !== null) await this.#underWay
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#underWay = promise
    try {
      return await work()
    } finally {
      this.#underWay = null
      resolve()
    }
  }

  /** Sends what is queued as one batch. Never rejects: failures are noted at their level and told to the reads. */
  async #flush(options?: {
    readonly begin?: boolean
    readonly commit?: boolean
    readonly last?: readonly StatementCall[]
    /** The transaction may have failed: until its savepoint is back the server refuses every other statement. */
    readonly heals?: boolean
  }): Promise<Connection | null> {
    const queued = this.#queue
    this.#queue = []
    this.#queuedReads.clear()
    // What was nested in it and goes on past its end must not reach a connection that knows nothing of it.
    if (this.#ended) {
      for (const { waiting } of queued) waiting?.fail(new UserEngineError('TRANSACTION_ENDED', {}))
      return null
    }
    const isCommit = options?.commit === true
    const last = options?.last ?? []
    const { failed } = this.#levels
    if (failed?.failure != null) {
      for (const { waiting } of queued) {
        failed.isFailureTold ||= waiting !== null
        waiting?.fail(abortedBy(failed.failure))
      }
      return null
    }
    const isNeeded =
      queued.length > 0 ||
      last.length > 0 ||
      (isCommit ? this.#frame.isOpen : !this.#frame.isOpen && options?.begin === true)
    if (!isNeeded) return this.#connection
    this.#levels.begin()
    const body = [...planBatch(queued), ...last.map(surrounding)]
    try {
      this.#connection ??= await this.#options.acquire(this.#limit.remainingMs)
    } catch (thrown) {
      this.#noteBatchFailure(thrown, { steps: body, commitsAt: null })
      return null
    }
    const { commitsAtSync } = this.#connection
    const how = { isCommit, heals: options?.heals === true, commitsAtSync }
    await this.#send(this.#connection, this.#frame.around(body, how))
    return this.#connection
  }

  /** Sends steps, and once more whatever follows a run of inserts that was refused as a whole. */
  async #send(connection: Connection, batch: Batch): Promise<void> {
    for (let rest: Batch | null = batch; rest !== null; ) {
      const { steps, commitsAt } = rest as Batch
      try {
        const results = await this.#limit.wait(connection, connection.execute(steps.map(({ call }) => call)))
        settle(steps, results)
        if (commitsAt !== null) this.#noteCommit(results[commitsAt]?.tag)
        rest = null
      } catch (thrown) {
        if (thrown instanceof BatchError) settle(steps, thrown.results)
        const failedAt = thrown instanceof BatchError && isRefusal(thrown) ? thrown.index : null
        const instead = failedAt === null ? null : withoutRun(steps, failedAt, this.#frame.head())
        if (instead === null) this.#noteBatchFailure(thrown, { steps, commitsAt })
        rest = instead && { steps: instead, commitsAt: commitsAt === null ? null : instead.length - 1 }
      }
    }
  }

  #noteCommit(tag = 'COMMIT'): void {
    this.#frame.close()
    this.#levels.outermost.failure ??= hiddenFailure(tag)
  }

  #noteBatchFailure(thrown: unknown, { steps, commitsAt }: Batch): void {
    const failed = thrown instanceof BatchError ? thrown : null
    const index = failed?.index ?? null
    const [culprit] = index === null ? [] : (steps[index]?.calls ?? [])
    const unanswered = steps.slice(failed?.results.length ?? 0).flatMap(({ calls }) => calls)
    const error = this.#noteFailure(thrown, {
      level: culprit === undefined ? 0 : Math.min(culprit.level, this.depth),
      subject: culprit?.subject ?? null,
      isTold: unanswered.some(({ waiting }) => waiting !== null),
      committing: commitsAt !== null && !this.#options.readOnly && mayBeCommitted(thrown, commitsAt),
    })
    for (const { waiting } of unanswered) waiting?.fail(error)
  }

  #noteFailure(
    thrown: unknown,
    failed: {
      readonly level: number
      readonly subject: StatementSubject | null
      readonly isTold: boolean
      readonly committing: boolean
    },
  ): UserEngineError {
    const { timeoutMs, idempotent } = this.#options
    const { subject, committing } = failed
    const error = failureOf(thrown, this.#limit, { committing, idempotent, timeoutMs, subject })
    const depth = this.#limit.isCutOff || isConnectionLoss(error) ? 0 : failed.level
    this.#levels.fail(error, { depth, isTold: failed.isTold })
    return error
  }
}

function settle(steps: readonly Step[], results: readonly StatementResult[]): void {
  for (const [index, { rows }] of results.entries())
    for (const { waiting } of steps[index]?.calls ?? []) waiting?.settle(rows)
}

/** What a call gets that comes after a failure of its transaction. */
export function abortedBy(failure: UserEngineError): UserEngineError {
  return new UserEngineError('TRANSACTION_ABORTED', { causeCode: failure.code }, { cause: failure })
}
