import type { Instant } from '@user-engine/store-protocol'

/** Tells the time of commands: it becomes `createdAt`, `updatedAt` and `occurredAt`. */
export interface Clock {
  now(): Instant
}

/** The clock of this machine. */
export function createSystemClock(): Clock {
  // Many commands fall into one millisecond, and formatting an instant costs more than comparing a number.
  let lastMs = Number.NaN
  let lastInstant = ''
  return {
    now() {
      const ms = Date.now()
      if (ms !== lastMs) {
        lastMs = ms
        lastInstant = new Date(ms).toISOString()
      }
      return lastInstant
    },
  }
}
