/** A source of time, in milliseconds since 1970. */
export interface MemoryClock {
  now(): number
}

/** How far the two clocks of the system may drift apart before the finer one is set again, in milliseconds. */
const MAX_DRIFT_MS = 50

/**
 * The time of day with fractions of a millisecond. `Date.now()` alone cuts them off, and a lease that is taken late
 * in a millisecond would run out early. After a jump of the time of day, or a sleep of the machine, it follows.
 */
export function createSystemClock(): MemoryClock {
  let offset = performance.timeOrigin
  return {
    now() {
      const fine = offset + performance.now()
      const coarse = Date.now()
      if (Math.abs(fine - coarse) <= MAX_DRIFT_MS) return fine
      offset += coarse - fine
      return coarse
    },
  }
}
