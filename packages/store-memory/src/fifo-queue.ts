/** What was put in first is taken out first, each at a constant cost on average. */
export interface FifoQueue<Item> {
  readonly size: number
  put(item: Item): void
  take(): Item | undefined
}

export function createFifoQueue<Item>(): FifoQueue<Item> {
  return new ArrayQueue()
}

/** Up to this many places of items that were taken are kept: closing them costs as much as what comes after them. */
const MAX_TAKEN = 1_024

class ArrayQueue<Item> implements FifoQueue<Item> {
  #items: (Item | undefined)[] = []
  #taken = 0

  get size(): number {
    return this.#items.length - this.#taken
  }

  put(item: Item): void {
    this.#items.push(item)
  }

  take(): Item | undefined {
    if (this.size === 0) return undefined
    const item = this.#items[this.#taken]
    this.#items[this.#taken++] = undefined
    if (this.#taken > MAX_TAKEN && this.#taken * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#taken)
      this.#taken = 0
    }
    return item
  }
}
