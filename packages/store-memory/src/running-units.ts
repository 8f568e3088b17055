import { type AnyUserEngineError, UserEngineError } from '@user-engine/store-protocol'

/** A unit of work that waits for something outside the store. */
export interface RunningUnit {
  /** When its time is up, as `performance.now()` counts. */
  readonly deadline: number
  readonly timeoutMs: number
  /** Ends it with an error, whatever its work is still doing. */
  cutOff(error: AnyUserEngineError): void
  /** The units that began to wait right before and after it, among those that still do: each is in one list at most. */
  earlier: RunningUnit | null
  later: RunningUnit | null
}

/**
 * The units of work that are under way, and the one timer that watches over their time limits [TXN-11].
 *
 * Work that never waits for anything but this store ends before the event loop turns, and costs no timer: the
 * timer is set when the loop turns and something is still running.
 */
export interface RunningUnits {
  readonly size: number
  add(unit: RunningUnit): void
  remove(unit: RunningUnit): void
  /** Resolves when nothing is running, at the latest after `timeoutMs`, when what is left is cut off [LIF-01]. */
  drain(timeoutMs: number): Promise<void>
}

export function createRunningUnits(): RunningUnits {
  return new WatchedUnits()
}

class WatchedUnits implements RunningUnits {
  // Linked to each other: a set of one, which is added to and emptied by every command, would be made anew each time.
  #earliest: RunningUnit | null = null
  #latest: RunningUnit | null = null
  #size = 0
  #isTurnAwaited = false
  #timer: NodeJS.Timeout | null = null
  #timerAt = Number.POSITIVE_INFINITY
  #onEmpty: (() => void) | null = null

  get size(): number {
    return this.#size
  }

  add(unit: RunningUnit): void {
    unit.earlier = this.#latest
    if (this.#latest === null) this.#earliest = unit
    else this.#latest.later = unit
    this.#latest = unit
    this.#size++
    if (this.#isTurnAwaited || unit.deadline >= this.#timerAt) return
    this.#isTurnAwaited = true
    setImmediate(() => {
      this.#isTurnAwaited = false
      this.#watch()
    })
  }

  remove(unit: RunningUnit): void {
    if (unit.earlier === null) this.#earliest = unit.later
    else unit.earlier.later = unit.later
    if (unit.later === null) this.#latest = unit.earlier
    else unit.later.earlier = unit.earlier
    // Whoever holds on to an ended one would hold on to all that came after it.
    unit.earlier = null
    unit.later = null
    this.#size--
    if (this.#size > 0) return
    this.#stopTimer()
    this.#onEmpty?.()
  }

  async drain(timeoutMs: number): Promise<void> {
    if (this.#size === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        for (const unit of this.#all()) unit.cutOff(new UserEngineError('STORE_CLOSED', {}))
      }, timeoutMs)
      this.#onEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Cuts off what is past its time, and sets the timer for what comes next. */
  #watch(): void {
    this.#stopTimer()
    const now = performance.now()
    let next = Number.POSITIVE_INFINITY
    for (const unit of this.#all()) {
      if (unit.deadline <= now) unit.cutOff(deadlineExceeded(unit))
      else if (unit.deadline < next) next = unit.deadline
    }
    if (next === Number.POSITIVE_INFINITY) return
    this.#timerAt = next
    this.#timer = setTimeout(() => this.#watch(), Math.ceil(next - now))
  }

  /** All of them, for whom a unit that is cut off meanwhile changes nothing. */
  #all(): readonly RunningUnit[] {
    const units: RunningUnit[] = []
    for (let unit = this.#earliest; unit !== null; unit = unit.later) units.push(unit)
    return units
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#timerAt = Number.POSITIVE_INFINITY
  }
}

export function deadlineExceeded({
  timeoutMs,
}: {
  readonly timeoutMs: number
}): UserEngineError<'DEADLINE_EXCEEDED'> {
  return new UserEngineError('DEADLINE_EXCEEDED', { timeoutMs })
}
