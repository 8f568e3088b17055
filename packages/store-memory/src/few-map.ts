/** Up to this many entries looking through all of them is faster than hashing. */
const FEW = 8

/** A map that is made often and holds one entry nearly always, in the order in which they were added. */
export interface FewMap<Key, Value> {
  readonly size: number
  get(key: Key): Value | undefined
  has(key: Key): boolean
  set(key: Key, value: Value): void
  delete(key: Key): void
  forEach(visit: (value: Value, key: Key) => void): void
}

export function createFewMap<Key, Value extends {}>(): FewMap<Key, Value> {
  return new PairsThenMap()
}

interface Pair<Key, Value> {
  readonly key: Key
  value: Value
  next: Pair<Key, Value> | null
}

class PairsThenMap<Key, Value extends {}> implements FewMap<Key, Value> {
  #first: Pair<Key, Value> | null = null
  #last: Pair<Key, Value> | null = null
  #size = 0
  /** Takes the place of the pairs when there are too many. */
  #map: Map<Key, Value> | null = null

  get size(): number {
    return this.#map === null ? this.#size : this.#map.size
  }

  get(key: Key): Value | undefined {
    return this.#map === null ? this.#find(key)?.value : this.#map.get(key)
  }

  has(key: Key): boolean {
    return this.#map === null ? this.#find(key) !== null : this.#map.has(key)
  }

  set(key: Key, value: Value): void {
    const pair = this.#map === null ? this.#find(key) : null
    if (pair !== null) pair.value = value
    else if (this.#map === null && this.#size < FEW) this.#add({ key, value, next: null })
    else this.#toMap().set(key, value)
  }

  delete(key: Key): void {
    this.#map?.delete(key)
    let before: Pair<Key, Value> | null = null
    for (let pair = this.#first; pair !== null; before = pair, pair = pair.next) {
      if (pair.key !== key) continue
      if (before === null) this.#first = pair.next
      else before.next = pair.next
      if (pair.next === null) this.#last = before
      this.#size--
      return
    }
  }

  forEach(visit: (value: Value, key: Key) => void): void {
    this.#map?.forEach(visit)
    for (let pair = this.#first; pair !== null; pair = pair.next) visit(pair.value, pair.key)
  }

  #find(key: Key): Pair<Key, Value> | null {
    let pair = this.#first
    while (pair !== null && pair.key !== key) pair = pair.next
    return pair
  }

  #add(pair: Pair<Key, Value>): void {
    if (this.#last === null) this.#first = pair
    else this.#last.next = pair
    this.#last = pair
    this.#size++
  }

  #toMap(): Map<Key, Value> {
    if (this.#map !== null) return this.#map
    const map = new Map<Key, Value>()
    for (let pair = this.#first; pair !== null; pair = pair.next) map.set(pair.key, pair.value)
    this.#first = null
    this.#last = null
    this.#map = map
    return map
  }
}
