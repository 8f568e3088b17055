import type { Connection } from './connection/connection.ts'
import { callAfter } from './deadlines.ts'

/** How long an answer that is due is waited for beyond the time limit before the connection is cut. */
export const GRACE_MS = 500

/** The time limit of a transaction, from its first call to the answer to its last [TXN-11]. */
export interface TimeLimit {
  /** What is left of it, in milliseconds: at least 1. */
  readonly remainingMs: number
  /** The connection was cut because no answer came in time. */
  readonly isCutOff: boolean
  /** Waits for an answer at most until the time limit, plus a moment in which the server's own limit answers. */
  wait<Result>(connection: Connection, answer: Promise<Result>): Promise<Result>
}

export function createTimeLimit(timeoutMs: number): TimeLimit {
  return new ClientTimeLimit(timeoutMs)
}

class ClientTimeLimit implements TimeLimit {
  isCutOff = false
  readonly #deadline: number

  constructor(timeoutMs: number) {
    this.#deadline = performance.now() + timeoutMs
  }

  get remainingMs(): number {
    return Math.max(1, Math.ceil(this.#deadline - performance.now()))
  }

  async wait<Result>(connection: Connection, answer: Promise<Result>): Promise<Result> {
    const limit = callAfter(this.remainingMs + GRACE_MS, () => {
      this.isCutOff = true
      connection.destroy()
    })
    try {
      return await answer
    } finally {
      limit.cancel()
    }
  }
}
