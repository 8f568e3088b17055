import sortedBtree from 'sorted-btree'
import { type Entry, mergeWalks, type Walk, walkArrays, walkEntries } from './walk.ts'

/** Up to this many entries, entries are moved to make or take room; most groups of an index are tiny. */
const SMALL = 32

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
  walk(start?: Start<Key>): Walk<Key, Value>
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

export function createOrderedMap<Key, Value extends {}>(
  compare: (left: Key, right: Key) => number,
): OrderedMap<Key, Value> {
  return new RunAndTree(compare)
}

// The package is CommonJS: its class is the `default` of what Node imports, and bundlers unwrap that once more.
const BTree = 'default' in sortedBtree ? sortedBtree.default : sortedBtree

type Tree<Key, Value> = InstanceType<typeof BTree<Key, Value>>

/**
 * Ids and commit numbers grow, and what is oldest goes first. So a key that is higher than the others is appended to a
 * *run*: two arrays, in which a deleted entry leaves a gap until there are too many of them. Only keys that come
 * between others, once there are many, go to a tree. A key is never in both.
 */
class RunAndTree<Key, Value extends {}> implements OrderedMap<Key, Value> {
  readonly #compare: (left: Key, right: Key) => number
  #keys: Key[] = []
  /** `undefined` is a gap. The first and the last entry of the run are none. */
  #values: (Value | undefined)[] = []
  /** Where the run begins in the arrays. */
  #begin = 0
  #gaps = 0
  #tree: Tree<Key, Value> | null = null

  constructor(compare: (left: Key, right: Key) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#keys.length - this.#begin - this.#gaps + (this.#tree?.size ?? 0)
  }

  get(key: Key): Value | undefined {
    const at = this.#search(key)
    return this.#holds(at, key) ? this.#values[at] : this.#tree?.get(key)
  }

  set(key: Key, value: Value): void {
    const at = this.#search(key)
    if (this.#tree?.has(key) === true) {
      this.#tree.set(key, value)
    } else if (at === this.#keys.length) {
      this.#keys.push(key)
      this.#values.push(value)
    } else if (this.#holds(at, key)) {
      if (this.#values[at] === undefined) this.#gaps--
      this.#values[at] = value
    } else if (this.#tree === null && this.#isSmall()) {
      this.#keys.splice(at, 0, key)
      this.#values.splice(at, 0, value)
    } else {
      this.#tree ??= new BTree<Key, Value>(undefined, this.#compare)
      this.#tree.set(key, value)
    }
  }

  delete(key: Key): boolean {
    const at = this.#search(key)
    if (!this.#holds(at, key)) return this.#tree?.delete(key) ?? false
    if (this.#values[at] === undefined) return false
    if (this.#isSmall()) {
      this.#keys.splice(at, 1)
      this.#values.splice(at, 1)
    } else {
      this.#values[at] = undefined
      this.#gaps++
    }
    this.#trim()
    return true
  }

  first(): Value | undefined {
    const lowest = this.#tree?.minKey()
    const isInTree =
      lowest !== undefined &&
      (this.#begin === this.#keys.length || this.#compare(lowest, this.#keys[this.#begin] as Key) < 0)
    return isInTree ? this.#tree?.get(lowest) : this.#values[this.#begin]
  }

  walk(start?: Start<Key>): Walk<Key, Value> {
    let at = start === undefined ? this.#begin : this.#search(start.key)
    if (start?.inclusive === false && this.#holds(at, start.key)) at++
    const run = walkArrays({ keys: this.#keys, values: this.#values, from: at })
    if (this.#tree === null || this.#tree.size === 0) return run
    const tree = walkEntries(this.#treeEntries(this.#tree, start))
    return mergeWalks({ under: run, over: tree, compare: this.#compare })
  }

  *#treeEntries(tree: Tree<Key, Value>, start: Start<Key> | undefined): Iterable<Entry<Key, Value>> {
    for (const entry of tree.entries(start?.key)) {
      // It begins at the key itself where it holds it.
      if (start?.inclusive !== false || this.#compare(entry[0], start.key) !== 0) yield entry
    }
  }

  /** The index of the first key of the run that is not below `key`. */
  #search(key: Key): number {
    let low = this.#begin
    let high = this.#keys.length
    // Most look-ups of a new key are beyond the last one.
    if (high > low && this.#compare(this.#keys[high - 1] as Key, key) < 0) return high
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

  #isSmall(): boolean {
    return this.#keys.length - this.#begin <= SMALL
  }

  /** Takes gaps off both ends, and closes the others when more than half of the arrays is unused. */
  #trim(): void {
    while (this.#begin < this.#keys.length && this.#values[this.#begin] === undefined) {
      this.#begin++
      this.#gaps--
    }
    while (this.#keys.length > this.#begin && this.#values[this.#keys.length - 1] === undefined) {
      this.#keys.pop()
      this.#values.pop()
      this.#gaps--
    }
    if ((this.#begin + this.#gaps) * 2 <= Math.max(this.#keys.length, SMALL)) return
    const isKept = (_: unknown, index: number) => this.#values[index] !== undefined && index >= this.#begin
    this.#keys = this.#keys.filter(isKept)
    this.#values = this.#values.filter(isKept)
    this.#begin = 0
    this.#gaps = 0
  }
}
