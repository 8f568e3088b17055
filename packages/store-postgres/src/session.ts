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
import {
  isAnswerOfPooler,
  isConnectionLoss,
  isRefusal,
  mapError,
  type StatementSubject,
} from './connection/map-error.ts'
import {
  defineStatement,
  type Row,
  type Statement,
  type StatementCall,
  type StatementResult,
} from './connection/statement.ts'
import { callAfter } from './deadlines.ts'
import { releaseSavepoint, rollbackToSavepoint, savepoint } from './savepoints.ts'
import { createLevels, type PlannedAppend, type PlannedWrite } from './session-levels.ts'

export interface SessionOptions {
  readonly acquire: (timeoutMs: number) => Promise<Connection>
  readonly begin: Statement
  /** Sets scope and time limits for the transaction; gets the milliseconds that are left. */
  readonly context: (remainingMs: number) => StatementCall
  /** The same for a transaction that is one batch, on a connection whose session is prepared for it. */
  readonly briefContext: (remainingMs: number) => StatementCall
  readonly timeoutMs: number
  readonly idempotent: boolean
  /** A session that writes nothing: whether its COMMIT was answered is of no interest. */
  readonly readOnly: boolean
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

interface Batch {
  readonly steps: readonly Step[]
  /** Which step commits the transaction: a COMMIT, or the end of the batch behind the last; `null` for none. */
  readonly commitsAt: number | null
}

export const COMMIT: StatementCall = { statement: defineStatement('COMMIT'), values: [] }
export const ROLLBACK: StatementCall = { statement: defineStatement('ROLLBACK'), values: [] }
const SET_REMAINING_TIME = defineStatement(`SELECT set_config('statement_timeout', $1, true)`)

/** The server's time limit is brought up to date with a batch when it is off by more than this. */
const TIME_LIMIT_SLACK_MS = 100

/** How long an answer that is due is waited for beyond the time limit before the connection is cut. */
export const GRACE_MS = 500

export function createSession(options: SessionOptions): Session {
  return new BatchSession(options)
}

class BatchSession implements Session {
  readonly #options: SessionOptions
  readonly #deadline: number
  readonly #levels = createLevels()
  readonly #queuedReads = new Set<unknown>()
  #queue: QueuedCall[] = []
  #connection: Connection | null = null
  #inTransaction = false
  #usesSavepoints = false
  #ended = false
  #flushScheduled = false
  #timeLimitSetFor = 0
  /** The connection was cut because no answer came within the time limit. */
  #cutOff = false
  /** Settles when the batch or exclusive work under way has ended; they run strictly one after the other. */
  #underWay: Promise<void> | null = null

  constructor(options: SessionOptions) {
    this.#options = options
    this.#deadline = performance.now() + options.timeoutMs
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
    this.#usesSavepoints = true
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
        return await this.#withinTime(connection, work(connection))
      } catch (thrown) {
        const failed = { level, subject, isTold: true, committing: false }
        throw this.#noteFailure(thrown, failed)
      }
    })
  }

  enter(): void {
    this.#levels.enter()
    this.#usesSavepoints = true
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
    // A server that takes no work any more, such as one that was demoted: its other connections are no better.
    const { failure } = this.#levels.outermost
    const isUseless = failure !== null && isConnectionLoss(failure)
    const rolledBack =
      !this.#inTransaction || (await succeedsWithin(connection.execute([ROLLBACK]), GRACE_MS))
    if (rolledBack && !isUseless) connection.release()
    else connection.destroy()
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
      (isCommit ? this.#inTransaction : !this.#inTransaction && options?.begin === true)
    if (!isNeeded) return this.#connection
    this.#levels.begin()
    const body = [...planBatch(queued), ...last.map(surrounding)]
    try {
      this.#connection ??= await this.#options.acquire(this.#remainingMs())
    } catch (thrown) {
      this.#noteBatchFailure(thrown, { steps: body, commitsAt: null })
      return null
    }
    await this.#send(this.#connection, this.#envelop(body, { isCommit, heals: options?.heals === true }))
    return this.#connection
  }

  /** What begins the transaction, if it has not begun, and what ends it, if it is to end. */
  #envelop(body: readonly Step[], { isCommit, heals }: { isCommit: boolean; heals: boolean }): Batch {
    const isWhole = isCommit && !this.#inTransaction
    if (isWhole && this.#connection?.commitsAtSync === true && this.#needsNoBegin(body)) {
      const context = this.#options.briefContext(this.#remainingMs())
      return { steps: [surrounding(context), ...body], commitsAt: body.length + 1 }
    }
    const head = heals ? [] : this.#head()
    this.#inTransaction = true
    const end = isCommit ? [surrounding(COMMIT)] : []
    const steps = [...head.map(surrounding), ...body, ...end]
    return { steps, commitsAt: isCommit ? steps.length - 1 : null }
  }

  // Without a BEGIN there are no savepoints, and every read sees the database as it is then.
  #needsNoBegin(body: readonly Step[]): boolean {
    if (this.#usesSavepoints || body.some(({ run }) => run !== null)) return false
    return !this.#options.readOnly || body.length === 1
  }

  /** Sends steps, and once more whatever follows a run of inserts that was refused as a whole. */
  async #send(connection: Connection, batch: Batch): Promise<void> {
    for (let rest: Batch | null = batch; rest !== null; ) {
      const { steps, commitsAt } = rest as Batch
      try {
        const results = await this.#withinTime(connection, connection.execute(steps.map(({ call }) => call)))
        settle(steps, results)
        if (commitsAt !== null) this.#noteCommit(results[commitsAt]?.tag)
        rest = null
      } catch (thrown) {
        if (thrown instanceof BatchError) settle(steps, thrown.results)
        const failedAt = thrown instanceof BatchError && isRefusal(thrown) ? thrown.index : null
        const instead = failedAt === null ? null : withoutRun(steps, failedAt, this.#head())
        if (instead === null) this.#noteBatchFailure(thrown, { steps, commitsAt })
        rest = instead && { steps: instead, commitsAt: commitsAt === null ? null : instead.length - 1 }
      }
    }
  }

  #head(): readonly StatementCall[] {
    const remaining = this.#remainingMs()
    const isCurrent = this.#timeLimitSetFor - remaining < TIME_LIMIT_SLACK_MS
    if (this.#inTransaction && isCurrent) return []
    const call = this.#inTransaction
      ? [{ statement: SET_REMAINING_TIME, values: [String(remaining)] }]
      : [{ statement: this.#options.begin, values: [] }, this.#options.context(remaining)]
    this.#timeLimitSetFor = remaining
    return call
  }

  #remainingMs(): number {
    return Math.max(1, Math.ceil(this.#deadline - performance.now()))
  }

  // Postgres answers the COMMIT of a failed transaction with a ROLLBACK and no error [TXN-03].
  #noteCommit(tag = 'COMMIT'): void {
    this.#inTransaction = false
    if (tag !== 'COMMIT') this.#levels.outermost.failure ??= new UserEngineError('TRANSACTION_ABORTED', {})
  }

  #noteBatchFailure(thrown: unknown, { steps, commitsAt }: Batch): void {
    const failed = thrown instanceof BatchError ? thrown : null
    const index = failed?.index ?? null
    const [culprit] = index === null ? [] : (steps[index]?.calls ?? [])
    // Before its turn the COMMIT has certainly not been executed; at its turn, or without an answer of the server, it
    // may have been.
    const mayBeCommitted =
      commitsAt !== null &&
      !this.#options.readOnly &&
      failed?.sent === true &&
      (index === null || index >= commitsAt || isAnswerOfPooler(thrown))
    const unanswered = steps.slice(failed?.results.length ?? 0).flatMap(({ calls }) => calls)
    const error = this.#noteFailure(thrown, {
      level: culprit === undefined ? 0 : Math.min(culprit.level, this.depth),
      subject: culprit?.subject ?? null,
      isTold: unanswered.some(({ waiting }) => waiting !== null),
      committing: mayBeCommitted,
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
    const isCutOff = this.#cutOff && !committing
    const error = isCutOff
      ? new UserEngineError('DEADLINE_EXCEEDED', { timeoutMs }, { cause: thrown })
      : mapError(thrown, { committing, idempotent, timeoutMs, subject })
    const depth = isCutOff || isConnectionLoss(error) ? 0 : failed.level
    this.#levels.fail(error, { depth, isTold: failed.isTold })
    return error
  }

  /** Waits for an answer at most until the time limit, plus a moment in which the server's own limit answers. */
  async #withinTime<Result>(connection: Connection, answer: Promise<Result>): Promise<Result> {
    const limit = callAfter(this.#remainingMs() + GRACE_MS, () => {
      this.#cutOff = true
      connection.destroy()
    })
    try {
      return await answer
    } finally {
      limit.cancel()
    }
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

/** Whether a promise resolves within the time. */
export async function succeedsWithin(answer: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), timeoutMs)
  answer.then(
    () => resolve(true),
    () => resolve(false),
  )
  return await promise.finally(() => clearTimeout(timer))
}
