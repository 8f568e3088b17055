import { createBackoff } from './backoff.ts'
import { createBell } from './bell.ts'

/**
 * Whether the receiver takes anything at all. While it does not, every event that is tried uses up one of its attempts
 * for nothing: so the relay tries one at a time, with growing pauses, until one is taken over.
 */
export interface Outage {
  /** Whether so many deliveries in a row found the receiver unavailable that it is away. */
  readonly isOn: boolean
  /** How many did, in a row. */
  readonly failures: number
  /** A delivery found the receiver unavailable. */
  unavailable(): void
  /** The receiver took an event over, or refused one for what it is. Says whether that ended an outage. */
  answered(): boolean
  /** How long the next pause is, in milliseconds. */
  nextPause(): number
  /** Lets a pause pass; ends early when the receiver answers after all. */
  wait(pauseMs: number): Promise<void>
  /** Ends a pause. */
  interrupt(): void
}

/** `after` is how many unavailable deliveries in a row make an outage. */
export function createOutage(after: number): Outage {
  return new CountedOutage(after)
}

const PAUSES = createBackoff({ minMs: 1_000, maxMs: 60_000 })

class CountedOutage implements Outage {
  readonly #after: number
  readonly #bell = createBell()
  #failures = 0
  #pauses = 0

  constructor(after: number) {
    this.#after = after
  }

  get isOn(): boolean {
    return this.#failures >= this.#after
  }

  get failures(): number {
    return this.#failures
  }

  unavailable(): void {
    this.#failures++
  }

  answered(): boolean {
    const wasOn = this.isOn
    this.#failures = 0
    this.#pauses = 0
    if (wasOn) this.#bell.ring()
    return wasOn
  }

  nextPause(): number {
    this.#pauses++
    return PAUSES(this.#pauses)
  }

  wait(pauseMs: number): Promise<void> {
    return this.#bell.wait(pauseMs)
  }

  interrupt(): void {
    this.#bell.ring()
  }
}
