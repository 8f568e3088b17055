/** Where in a log each id stands. A log only grows. */
export interface IdPositions {
  find(id: string): number | undefined
  /** Notes the id of the entry that was appended last. */
  append(id: string): void
}

/** `idAt` reads the id at a position of the log. */
export function createIdPositions(idAt: (position: number) => string): IdPositions {
  return new GrowingIds(idAt)
}

/**
 * Ids are made in the order of time, so that nearly all of a log are in order and found by bisection: that keeps
 * nothing besides the log and adds nothing to an append. Ids that come after a higher one are the exceptions.
 */
class GrowingIds implements IdPositions {
  readonly #idAt: (position: number) => string
  #length = 0
  #highest = ''
  /** The positions of the ids in order; `null` while that is all of them. */
  #inOrder: number[] | null = null
  #exceptions: Map<string, number> | null = null

  constructor(idAt: (position: number) => string) {
    this.#idAt = idAt
  }

  find(id: string): number | undefined {
    return id > this.#highest ? undefined : (this.#exceptions?.get(id) ?? this.#bisect(id))
  }

  append(id: string): void {
    const position = this.#length++
    if (id > this.#highest) {
      this.#highest = id
      this.#inOrder?.push(position)
      return
    }
    this.#inOrder ??= Array.from({ length: position }, (_, index) => index)
    this.#exceptions ??= new Map()
    this.#exceptions.set(id, position)
  }

  #bisect(id: string): number | undefined {
    const inOrder = this.#inOrder
    let low = 0
    let high = inOrder === null ? this.#length : inOrder.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const position = inOrder === null ? middle : (inOrder[middle] as number)
      const found = this.#idAt(position)
      if (found === id) return position
      if (found < id) low = middle + 1
      else high = middle
    }
    return undefined
  }
}
