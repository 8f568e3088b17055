/** Up to this many entries looking through all of them is faster than hashing. */
const FEW = 8

/** A map that is made often and holds few entries nearly always, in the order in which they were added. */
export interface FewMap<Key, Value> {
  readonly size: number
  get(key: Key): Value | undefined
  has(key: Key): boolean
  set(key: Key, value: Value): void
  delete(key: Key): void
  forEach(visit: (value: Value, key: Key) => void): void
}

export function createFewMap<Key, Value extends {}>(): FewMap<Key, Value> {
  return new ArraysThenMap()
}

class ArraysThenMap<Key, Value extends {}> implements FewMap<Key, Value> {
  readonly #keys: Key[] = []
  readonly #values: Value[] = []
  /** Takes the place of the arrays when there are too many entries. */
  #map: Map<Key, Value> | null = null

  get size(): number {
    return this.#map === null ? this.#keys.length : this.#map.size
  }

  get(key: Key): Value | undefined {
    if (this.#map !== null) return this.#map.get(key)
    const at = this.#find(key)
    // An element at -1 would be looked for among the properties, which is slow.
    return at < 0 ? undefined : this.#values[at]
  }

  has(key: Key): boolean {
    return this.#map === null ? this.#find(key) >= 0 : this.#map.has(key)
  }

  set(key: Key, value: Value): void {
    if (this.#map !== null) {
      this.#map.set(key, value)
      return
    }
    const at = this.#find(key)
    if (at >= 0) {
      this.#values[at] = value
    } else if (this.#keys.length < FEW) {
      this.#keys.push(key)
      this.#values.push(value)
    } else {
      this.#map = new Map(this.#keys.map((known, index) => [known, this.#values[index] as Value]))
      this.#map.set(key, value)
    }
  }

  delete(key: Key): void {
    if (this.#map !== null) {
      this.#map.delete(key)
      return
    }
    const at = this.#find(key)
    if (at < 0) return
    this.#keys.splice(at, 1)
    this.#values.splice(at, 1)
  }

  /** A loop of our own: a call of `indexOf` costs more than a comparison or two. */
  #find(key: Key): number {
    const keys = this.#keys
    for (let index = 0; index < keys.length; index++) if (keys[index] === key) return index
    return -1
  }

  forEach(visit: (value: Value, key: Key) => void): void {
    if (this.#map !== null) {
      this.#map.forEach(visit)
      return
    }
    for (let index = 0; index < this.#keys.length; index++) {
      visit(this.#values[index] as Value, this.#keys[index] as Key)
    }
  }
}
