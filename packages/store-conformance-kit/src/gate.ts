import { LATE, raceAgainst } from './time-limit.ts'

/** A point that one side of an interleaving waits for and the other opens. */
export interface Gate {
  open(): void
  readonly opened: Promise<void>
  /**
   * Waits for the gate, but not for ever: a store may let one transaction wait for another, and the one that would open
   * the gate may be the one that waits. Tells whether the gate was opened.
   */
  openedOrBlocked(): Promise<boolean>
}

/** How long an interleaving waits for a step that another transaction may be blocking. */
const PATIENCE_MS = 250

export function createGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>()
  return {
    open: () => resolve(),
    opened: promise,
    openedOrBlocked: async () => (await raceAgainst(promise, PATIENCE_MS)) !== LATE,
  }
}

/**
 * Whether a step of an interleaving has ended, either way, or seems to be blocked by another transaction. A step that
 * is blocked goes on by itself.
 */
export async function endedOrBlocked(step: Promise<unknown>): Promise<'ended' | 'blocked'> {
  const first = await raceAgainst(Promise.allSettled([step]), PATIENCE_MS)
  return first === LATE ? 'blocked' : 'ended'
}
