import sortedBtree from 'sorted-btree'

/** Up to this many entries two plain arrays are smaller and faster than a tree; most groups of an index are tiny. */
const ARRAY_LIMIT = 32

/** Where a walk over an {@link OrderedMap} starts. */
export interface Start<Key> {
  readonly key: Key
  /** Whether the walk includes an entry at exactly `key`. */
  readonly inclusive: boolean
}

/** A map that is walked in the order of its keys, at a cost of what is visited and not of what it holds. */
export interface OrderedMap<Key, Value> {
  readonly size: number
  get(key: Key): Value | undefined
  set(key: Key, value: Value): void
  delete(key: Key): boolean
  /** The value at the lowest key. */
  first(): Value | undefined
  /** The entries by key ascending. The map must not change while they are walked. */
  entries(start?: Start<Key>): Iterable<readonly [Key, Value]>
}

/**
 * Order of keys that are ASCII by construction: ids, tenant ids, keys and texts put together from them. For those
 * the engine's comparison of UTF-16 code units is the bytewise order that QRY-02 asks for; for text beyond
 * U+FFFF it would not be, and no such text is ever ordered here.
 */
export function compareAscii(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

export function compareNumbers(left: number, right: number): number {
  return left - right
}

export function createOrderedMap<Key, Value>(
  compare: (left: Key, right: Key) => number,
): OrderedMap<Key, Value> {
  return new ArrayThenTree(compare)
}

// The package is CommonJS: its class is the `default` of what Node imports, and bundlers unwrap that once more.
const BTree = 'default' in sortedBtree ? sortedBtree.default : sortedBtree

type Tree<Key, Value> = InstanceType<typeof BTree<Key, Value>>

class ArrayThenTree<Key, Value> implements OrderedMap<Key, Value> {
  readonly #compare: (left: Key, right: Key) => number
  #keys: Key[] = []
  #values: Value[] = []
  #tree: Tree<Key, Value> | null = null

  constructor(compare: (left: Key, right: Key) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#tree === null ? this.#keys.length : this.#tree.size
  }

  get(key: Key): Value | undefined {
    if (this.#tree !== null) {
      // Whoever asks whether a new key is taken asks beyond the last one.
      const last = this.#tree.maxKey()
      return last === undefined || this.#compare(last, key) < 0 ? undefined : this.#tree.get(key)
    }
    const at = this.#search(key)
    return this.#holds(at, key) ? this.#values[at] : undefined
  }

  set(key: Key, value: Value): void {
    if (this.#tree !== null) {
      this.#tree.set(key, value)
      return
    }
    const at = this.#search(key)
    if (this.#holds(at, key)) {
      this.#values[at] = value
    } else if (this.#keys.length < ARRAY_LIMIT) {
      this.#keys.splice(at, 0, key)
      this.#values.splice(at, 0, value)
    } else {
      this.#grow().set(key, value)
    }
  }

  delete(key: Key): boolean {
    if (this.#tree !== null) return this.#tree.delete(key)
    const at = this.#search(key)
    if (!this.#holds(at, key)) return false
    this.#keys.splice(at, 1)
    this.#values.splice(at, 1)
    return true
  }

  first(): Value | undefined {
    if (this.#tree === null) return this.#values[0]
    const key = this.#tree.minKey()
    return key === undefined ? undefined : this.#tree.get(key)
  }

  *entries(start?: Start<Key>): Iterable<readonly [Key, Value]> {
    if (this.#tree !== null) {
      for (const entry of this.#tree.entries(start?.key)) {
        if (start?.inclusive === false && this.#compare(entry[0], start.key) === 0) continue
        yield entry
      }
      return
    }
    let at = start === undefined ? 0 : this.#search(start.key)
    if (start?.inclusive === false && this.#holds(at, start.key)) at++
    for (; at < this.#keys.length; at++) yield [this.#keys[at] as Key, this.#values[at] as Value]
  }

  /** The index of the first key that is not below `key`. */
  #search(key: Key): number {
    let low = 0
    let high = this.#keys.length
    // Most insertions are at the end: ids and commit numbers grow.
    if (high > 0 && this.#compare(this.#keys[high - 1] as Key, key) < 0) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(this.#keys[middle] as Key, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #holds(at: number, key: Key): boolean {
    return at < this.#keys.length && this.#compare(this.#keys[at] as Key, key) === 0
  }

  #grow(): Tree<Key, Value> {
    const tree = new BTree<Key, Value>(undefined, this.#compare)
    for (let at = 0; at < this.#keys.length; at++) tree.set(this.#keys[at] as Key, this.#values[at] as Value)
    this.#keys = []
    this.#values = []
    this.#tree = tree
    return tree
  }
}
