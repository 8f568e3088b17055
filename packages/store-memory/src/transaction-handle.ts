/**
 * The states of a transaction's handle.
 *
 * - open: calls take effect at once, in the order they are made.
 * - busy, while a nested transaction of it is open: calls are refused with `TRANSACTION_BUSY`. Whoever sees that may go
 *   on; a write whose refusal nobody has seen would be lost unnoticed, so the commit reports it.
 * - aborted, after a write failed or was refused: calls are refused with that failure until somebody has seen it, and
 *   with `TRANSACTION_ABORTED` from then on.
 * - ended, when its work has settled or the whole unit is over: calls are refused with `TRANSACTION_ENDED`.
 */
import { type AnyUserEngineError, type StoreTransaction, UserEngineError } from '@user-engine/store-protocol'
import { type Answers, createAnswers } from './answers.ts'
import { MAX_NESTING } from './capabilities.ts'
import type { Overlay } from './overlay.ts'
import { refuseCall } from './refused-call.ts'
import { createRoles } from './roles.ts'
import type { Session } from './session.ts'
import { toStoreError } from './store-error.ts'
import type { UnitOfWork } from './unit-of-work.ts'

/** One level of a transaction: the outermost, or a nested one. */
export interface TransactionHandle {
  /** What the work of this level gets. */
  readonly transaction: StoreTransaction
  readonly answers: Answers
  /** Refuses further calls, and resolves when a nested transaction that is still open has settled. */
  end(): Promise<void> | null
  /** @throws UserEngineError what a write of this level failed with, or `TRANSACTION_ABORTED` when that was seen [TXN-03]. */
  requireSuccess(): void
}

export function createTransactionHandle(unit: UnitOfWork, overlay: Overlay): TransactionHandle {
  return new Handle(unit, overlay, 0)
}

/** The first failed write of a level, and whether anybody has looked at a promise that told about it. */
interface Failure {
  readonly error: AnyUserEngineError
  isSeen: boolean
}

class Handle implements TransactionHandle, Session {
  readonly tenantId: Session['tenantId']
  readonly platform: Session['platform']
  readonly tenant: Session['tenant']
  readonly sight: Overlay
  readonly transaction: StoreTransaction
  readonly answers = createAnswers()
  readonly #unit: UnitOfWork
  readonly #depth: number
  #hasEnded = false
  #isBusy = false
  /** Resolves when the nested transaction that is open has settled. */
  #nested: Promise<void> | null = null
  #failure: Failure | null = null
  /** The writes that were refused because the handle was busy. */
  #lostWrites: Failure[] | null = null

  constructor(unit: UnitOfWork, overlay: Overlay, depth: number) {
    this.tenantId = unit.partition.tenantId
    this.platform = unit.engine.platform
    this.tenant = unit.tenant
    this.sight = overlay
    this.#unit = unit
    this.#depth = depth
    this.transaction = { ...createRoles(this), transact: (work) => this.#transact(work) }
  }

  answer<Result>(read: () => Result): Promise<Result> {
    const refusal = this.#refusal()
    if (refusal !== null) return refuseCall(refusal)
    try {
      return this.answers.give(read())
    } catch (error) {
      return refuseCall(() => toStoreError(error))
    }
  }

  perform(write: (overlay: Overlay) => void): Promise<void> {
    const refusal = this.#refusal()
    if (refusal !== null) {
      return this.#isBusy && !this.#isOver ? this.#refuseLostWrite() : refuseCall(refusal)
    }
    try {
      write(this.sight)
      return Promise.resolve()
    } catch (error) {
      return this.#fail(toStoreError(error))
    }
  }

  end(): Promise<void> | null {
    this.#hasEnded = true
    return this.#nested
  }

  requireSuccess(): void {
    const failure = this.#failure ?? this.#lostWrites?.find(({ isSeen }) => !isSeen)
    if (failure !== undefined) throw failure.isSeen ? abortedBy(failure) : failure.error
  }

  get #isOver(): boolean {
    return this.#hasEnded || this.#unit.isOver
  }

  /** What a call is refused with in the present state, to be found out when somebody looks at it; or `null`. */
  #refusal(): (() => UserEngineError) | null {
    if (this.#isOver) return () => new UserEngineError('TRANSACTION_ENDED', {})
    if (this.#isBusy) return () => new UserEngineError('TRANSACTION_BUSY', {})
    const failure = this.#failure
    return failure === null ? null : () => reveal(failure)
  }

  #fail(error: AnyUserEngineError): Promise<never> {
    const failure = { error, isSeen: false }
    this.#failure ??= failure
    return refuseUntilSeen(failure)
  }

  #refuseLostWrite(): Promise<never> {
    const lost = { error: new UserEngineError('TRANSACTION_BUSY', {}), isSeen: false }
    this.#lostWrites ??= []
    this.#lostWrites.push(lost)
    return refuseUntilSeen(lost)
  }

  #transact<Result>(work: (tx: StoreTransaction) => Result | Promise<Result>): Promise<Result> {
    const refusal = this.#refusal()
    if (refusal !== null) return refuseCall(refusal)
    if (this.#depth === MAX_NESTING) {
      return refuseCall(() => new UserEngineError('NOT_SUPPORTED', { capability: 'transactions.maxNesting' }))
    }
    this.#isBusy = true
    const result = this.#runNested(work)
    // Seen here as well: a nested transaction that is not awaited causes no unhandled rejection either.
    this.#nested = result.then(
      () => {},
      () => {},
    )
    return result
  }

  async #runNested<Result>(work: (tx: StoreTransaction) => Result | Promise<Result>): Promise<Result> {
    const nested = new Handle(this.#unit, this.sight, this.#depth + 1)
    const savepoint = this.sight.savepoint()
    try {
      const result = await work(nested.transaction)
      await nested.end()
      nested.requireSuccess()
      this.sight.keep()
      return result
    } catch (error) {
      await nested.end()
      this.sight.rollBack(savepoint)
      throw error
    } finally {
      this.#isBusy = false
      this.#nested = null
    }
  }
}

function refuseUntilSeen(failure: Failure): Promise<never> {
  return refuseCall(() => {
    failure.isSeen = true
    return failure.error
  })
}

function reveal(failure: Failure): UserEngineError {
  if (failure.isSeen) return abortedBy(failure)
  failure.isSeen = true
  return failure.error
}

function abortedBy({ error }: Failure): UserEngineError<'TRANSACTION_ABORTED'> {
  return new UserEngineError('TRANSACTION_ABORTED', { causeCode: error.code }, { cause: error })
}
