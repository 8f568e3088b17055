import pLimit from 'p-limit'

/**
 * The deliveries that may run at once, across all batches of a relay. Whoever has a slot keeps it until the sink has let
 * go, also past the time limit: a sink that hangs is never given more.
 */
export interface DeliverySlots {
  /** Runs work of so many events as soon as a slot is free, in the order of the calls. It must not reject. */
  run(events: number, work: () => Promise<void>): void
  /** How many events are in work that has no slot yet. */
  readonly waiting: number
  /** How much work has a slot. */
  readonly busy: number
  /** How many slots are kept by deliveries that are past their time limit. */
  readonly overdue: number
  /** Whether the sink has let go of nothing for so long that every slot is overdue. */
  readonly isStalled: boolean
  /** Counts a delivery as overdue until the sink has let go of it. */
  untilLetGo(delivery: Promise<unknown>): Promise<void>
}

/** `onChange` is told when work gets its slot, and when slots become overdue or usable again. */
export function createDeliverySlots(concurrency: number, onChange: () => void): DeliverySlots {
  return new LimitedSlots(concurrency, onChange)
}

class LimitedSlots implements DeliverySlots {
  readonly #limit
  readonly #onChange: () => void
  #waiting = 0
  #overdue = 0

  constructor(concurrency: number, onChange: () => void) {
    this.#limit = pLimit(concurrency)
    this.#onChange = onChange
  }

  get waiting(): number {
    return this.#waiting
  }

  get busy(): number {
    return this.#limit.activeCount
  }

  get overdue(): number {
    return this.#overdue
  }

  get isStalled(): boolean {
    return this.#overdue >= this.#limit.concurrency
  }

  run(events: number, work: () => Promise<void>): void {
    this.#waiting += events
    void this.#limit(() => {
      this.#waiting -= events
      this.#onChange()
      return work()
    })
  }

  async untilLetGo(delivery: Promise<unknown>): Promise<void> {
    this.#overdue++
    this.#onChange()
    await Promise.allSettled([delivery])
    this.#overdue--
    this.#onChange()
  }
}
