import { UserEngineError } from '@user-engine/store-protocol'
import { callAfter, type Deadline } from './deadlines.ts'

/** What may end a unit of work from outside: its time limit, or a store that is closed [TXN-11, LIF-01]. */
export interface Interruption {
  /** Why the work was interrupted; `null` as long as it was not. */
  readonly reason: UserEngineError | null
  /** Settles as the work does, or rejects with the reason as soon as there is one. */
  race<Result>(work: Result | PromiseLike<Result>): Promise<Result>
  interrupt(reason: UserEngineError): void
  /** Ends the time limit: the work has settled. */
  dismiss(): void
  /** Settles when the work has. */
  readonly dismissed: Promise<void>
}

/** @param timeoutMs After how many milliseconds the work is interrupted with `DEADLINE_EXCEEDED`. */
export function createInterruption(timeoutMs: number): Interruption {
  return new TimedInterruption(timeoutMs)
}

class TimedInterruption implements Interruption {
  readonly #limit: Deadline
  #reason: UserEngineError | null = null
  #dismissed: PromiseWithResolvers<void> | null = null
  #isDismissed = false
  #reject: ((reason: UserEngineError) => void) | null = null

  constructor(timeoutMs: number) {
    this.#limit = callAfter(timeoutMs, () =>
      this.interrupt(new UserEngineError('DEADLINE_EXCEEDED', { timeoutMs })),
    )
  }

  get reason(): UserEngineError | null {
    return this.#reason
  }

  race<Result>(work: Result | PromiseLike<Result>): Promise<Result> {
    if (this.#reason !== null) return Promise.reject(this.#reason)
    return new Promise((resolve, reject) => {
      this.#reject = reject
      Promise.resolve(work).then(resolve, reject)
    })
  }

  interrupt(reason: UserEngineError): void {
    this.#reason ??= reason
    this.#reject?.(reason)
  }

  // Made only when somebody waits: a store that is closing.
  get dismissed(): Promise<void> {
    if (this.#isDismissed) return Promise.resolve()
    this.#dismissed ??= Promise.withResolvers()
    return this.#dismissed.promise
  }

  dismiss(): void {
    this.#limit.cancel()
    this.#isDismissed = true
    this.#dismissed?.resolve()
  }
}
