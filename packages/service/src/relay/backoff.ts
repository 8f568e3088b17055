/** How long to wait before trying again, in milliseconds; `attempt` is how often it has been tried, from 1. */
export type Backoff = (attempt: number) => number

/** The bounds of a growing pause, in milliseconds. */
export interface BackoffLimits {
  readonly minMs: number
  readonly maxMs: number
}

/** Pauses that double from `minMs` to `maxMs`, each shortened by up to half at random, so that nobody retries in step. */
export function createBackoff({ minMs, maxMs }: BackoffLimits): Backoff {
  return (attempt) => {
    const pause = Math.min(maxMs, minMs * 2 ** (attempt - 1))
    return Math.round(pause * (1 - Math.random() / 2))
  }
}
