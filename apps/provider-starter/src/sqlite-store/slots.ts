import type { Deadline } from './deadline.ts'

/** A number of places that are taken in the order in which they were asked for. */
export interface Slots {
  /** Waits for a free place until the deadline; gives what frees it again. */
  take(deadline: Deadline): Promise<() => void>
  readonly taken: number
  readonly waiting: number
}

export function createSlots(count: number): Slots {
  return new FairSlots(count)
}

class FairSlots implements Slots {
  taken = 0
  readonly #count: number
  readonly #queue: (() => void)[] = []

  constructor(count: number) {
    this.#count = count
  }

  get waiting(): number {
    return this.#queue.length
  }

  async take(deadline: Deadline): Promise<() => void> {
    if (this.taken < this.#count) {
      this.taken += 1
    } else {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#queue.push(resolve)
      try {
        await deadline.race(promise)
      } catch (error) {
        const place = this.#queue.indexOf(resolve)
        if (place >= 0) this.#queue.splice(place, 1)
        // The place was given in the very moment in which the time ran out.
        else this.#free()
        throw error
      }
    }
    return () => this.#free()
  }

  #free(): void {
    const next = this.#queue.shift()
    // The place goes straight to whoever waits, so that nobody overtakes.
    if (next === undefined) this.taken -= 1
    else next()
  }
}
