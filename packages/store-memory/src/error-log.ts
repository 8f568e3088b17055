import { type Diagnostics, type ErrorCode, isUserEngineError } from '@user-engine/store-protocol'
import type { MemoryClock } from './clock.ts'

type ErrorCount = Diagnostics['errors'][number]

/** Counts the errors that calls of the store ended with, by code [DIA-01]. */
export interface ErrorLog {
  note(error: unknown): void
  /** The most recent first. */
  counts(): readonly ErrorCount[]
}

export function createErrorLog(clock: MemoryClock): ErrorLog {
  return new CountingErrorLog(clock)
}

class CountingErrorLog implements ErrorLog {
  readonly #clock: MemoryClock
  readonly #counts = new Map<ErrorCode, { count: number; lastAt: number }>()

  constructor(clock: MemoryClock) {
    this.#clock = clock
  }

  note(error: unknown): void {
    if (!isUserEngineError(error)) return
    const count = (this.#counts.get(error.code)?.count ?? 0) + 1
    // A map keeps the order of insertion: the code that was seen last stands last.
    this.#counts.delete(error.code)
    this.#counts.set(error.code, { count, lastAt: this.#clock.now() })
  }

  counts(): readonly ErrorCount[] {
    const counts = [...this.#counts].map(([code, { count, lastAt }]) => ({
      code,
      count,
      lastAt: new Date(lastAt).toISOString(),
    }))
    return counts.reverse()
  }
}
