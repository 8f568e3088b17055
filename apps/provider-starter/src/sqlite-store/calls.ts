import { isUserEngineError, UserEngineError } from '@user-engine/store-protocol'
import { watched } from './watched-promise.ts'

/** The calls on one handle: in order, and refused when it is not their time [TXN-08]. */
export interface Calls {
  /** Does one call at once; its failure is the promise's, and the transaction's. */
  call<Result>(work: () => Result): Promise<Result>
  /** Runs a nested unit of work, during which every other call is refused. */
  nest<Result>(work: () => Promise<Result>): Promise<Result>
  /** Waits for what was begun and not awaited, and fails when anything has failed. */
  settle(): Promise<void>
  /** From now on every call is refused. */
  end(): void
  /** Whether it has ended, or what it is nested in. */
  readonly isEnded: boolean
}

interface Failure {
  readonly error: unknown
  seen: boolean
}

/** The calls of a read, where a failure is the caller's alone, or of a transaction, which it aborts. */
export function createCalls(options: { readonly aborts: boolean; readonly isEnded: () => boolean }): Calls {
  return new OrderedCalls(options)
}

class OrderedCalls implements Calls {
  readonly #aborts: boolean
  readonly #isOuterEnded: () => boolean
  #ended = false
  #nested: Promise<unknown> | null = null
  #failure: Failure | null = null

  constructor({ aborts, isEnded }: Parameters<typeof createCalls>[0]) {
    this.#aborts = aborts
    this.#isOuterEnded = isEnded
  }

  // SQLite answers at once: a call has taken effect when it returns, awaited or not.
  call<Result>(work: () => Result): Promise<Result> {
    const refusal = this.#refusal<Result>()
    if (refusal !== null) return refusal
    try {
      return Promise.resolve(work())
    } catch (error) {
      return this.#fail(error)
    }
  }

  nest<Result>(work: () => Promise<Result>): Promise<Result> {
    const refusal = this.#refusal<Result>()
    if (refusal !== null) return refusal
    // Busy from now on: the nested work begins at once, before there is a promise of it.
    this.#nested = Promise.resolve()
    const running = work().finally(() => {
      this.#nested = null
    })
    this.#nested = running.catch(() => {})
    let failure: Failure | null = null
    let seen = false
    running.catch((error: unknown) => {
      // Nobody waits for it: then the outer work has failed with it, and the commit says so.
      if (!seen) failure = this.#failure ??= { error, seen: false }
    })
    return watched(running, () => {
      seen = true
      if (failure !== null && this.#failure === failure) this.#failure = null
    })
  }

  async settle(): Promise<void> {
    while (this.#nested !== null) await this.#nested
    if (this.#failure === null) return
    throw this.#failure.seen ? abortedBy(this.#failure.error) : this.#failure.error
  }

  end(): void {
    this.#ended = true
  }

  get isEnded(): boolean {
    return this.#ended || this.#isOuterEnded()
  }

  #refusal<Result>(): Promise<Result> | null {
    if (this.isEnded) return refuse(new UserEngineError('TRANSACTION_ENDED', {}))
    if (this.#nested !== null) return refuse(new UserEngineError('TRANSACTION_BUSY', {}))
    if (this.#failure === null) return null
    return this.#failure.seen ? refuse(abortedBy(this.#failure.error)) : this.#surface(this.#failure)
  }

  #fail<Result>(error: unknown): Promise<Result> {
    if (!this.#aborts) return refuse(error)
    this.#failure = { error, seen: false }
    return this.#surface(this.#failure)
  }

  #surface<Result>(failure: Failure): Promise<Result> {
    return watched(Promise.reject(failure.error), () => {
      failure.seen = true
    })
  }
}

function refuse<Result>(error: unknown): Promise<Result> {
  return watched(Promise.reject(error), () => {})
}

function abortedBy(error: unknown): UserEngineError<'TRANSACTION_ABORTED'> {
  return new UserEngineError('TRANSACTION_ABORTED', isUserEngineError(error) ? { causeCode: error.code } : {})
}
