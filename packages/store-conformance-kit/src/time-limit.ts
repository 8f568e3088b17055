import { setTimeout as delay } from 'node:timers/promises'

/** What a race against time gives when time won. */
export const LATE: unique symbol = Symbol('late')

/** The result of a promise, or {@link LATE} when it has not settled in time. The promise itself goes on. */
export async function raceAgainst<Result>(
  promise: Promise<Result>,
  withinMs: number,
): Promise<Result | typeof LATE> {
  const timer = new AbortController()
  const late = delay<typeof LATE>(withinMs, LATE, { signal: timer.signal }).catch((): typeof LATE => LATE)
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.abort()
    // One that is given up on may still fail later; nobody listens any more.
    promise.catch(() => {})
  }
}
