/**
 * A walk over entries in the order of their keys. Walks are no iterators on purpose: what is read most goes through
 * several layers of them, and a generator per layer costs many times what their steps cost.
 */
export interface Walk<Key, Value> {
  /** The entry the walk stands at; good after {@link Walk.next} said that there is one. */
  readonly key: Key
  readonly value: Value
  /** Goes on to the next entry; false when there is none. */
  next(): boolean
}

/** Two arrays that belong together, and the index of the first entry. An `undefined` value is a gap. */
export interface EntryArrays<Key, Value> {
  readonly keys: readonly Key[]
  readonly values: readonly (Value | undefined)[]
  readonly from: number
}

export function walkArrays<Key, Value>(arrays: EntryArrays<Key, Value>): Walk<Key, Value> {
  return new ArrayWalk(arrays)
}

/** An entry of something that yields entries in order. */
export type Entry<Key, Value> = readonly [key: Key, value: Value]

/** Walks over what yields its entries in order. */
export function walkEntries<Key, Value>(entries: Iterable<Entry<Key, Value>>): Walk<Key, Value> {
  return new EntryWalk(entries[Symbol.iterator]())
}

/** Two walks in the same order. */
export interface WalkPair<Key, Value> {
  readonly under: Walk<Key, Value>
  readonly over: Walk<Key, Value>
  readonly compare: (left: Key, right: Key) => number
}

/** Merges two walks by key. Where both have a key, the entry of `over` stands for both. */
export function mergeWalks<Key, Value>(pair: WalkPair<Key, Value>): Walk<Key, Value> {
  return new MergedWalk(pair)
}

class ArrayWalk<Key, Value> implements Walk<Key, Value> {
  readonly #keys: readonly Key[]
  readonly #values: readonly (Value | undefined)[]
  #at: number

  constructor({ keys, values, from }: EntryArrays<Key, Value>) {
    this.#keys = keys
    this.#values = values
    this.#at = from - 1
  }

  get key(): Key {
    return this.#keys[this.#at] as Key
  }

  get value(): Value {
    return this.#values[this.#at] as Value
  }

  next(): boolean {
    const values = this.#values
    while (++this.#at < values.length) if (values[this.#at] !== undefined) return true
    return false
  }
}

class EntryWalk<Key, Value> implements Walk<Key, Value> {
  readonly #entries: Iterator<Entry<Key, Value>>
  #entry: Entry<Key, Value> | undefined

  constructor(entries: Iterator<Entry<Key, Value>>) {
    this.#entries = entries
  }

  get key(): Key {
    return (this.#entry as Entry<Key, Value>)[0]
  }

  get value(): Value {
    return (this.#entry as Entry<Key, Value>)[1]
  }

  next(): boolean {
    const { done, value } = this.#entries.next()
    if (done === true) return false
    this.#entry = value
    return true
  }
}

class MergedWalk<Key, Value> implements Walk<Key, Value> {
  readonly #under: Walk<Key, Value>
  readonly #over: Walk<Key, Value>
  readonly #compare: (left: Key, right: Key) => number
  #hasUnder: boolean
  #hasOver: boolean
  /** The walk whose entry this one stands at; `null` before the first. */
  #current: Walk<Key, Value> | null = null

  constructor({ under, over, compare }: WalkPair<Key, Value>) {
    this.#under = under
    this.#over = over
    this.#compare = compare
    this.#hasUnder = under.next()
    this.#hasOver = over.next()
  }

  get key(): Key {
    return (this.#current as Walk<Key, Value>).key
  }

  get value(): Value {
    return (this.#current as Walk<Key, Value>).value
  }

  next(): boolean {
    if (this.#current === this.#under) this.#hasUnder = this.#under.next()
    else if (this.#current === this.#over) this.#hasOver = this.#over.next()
    this.#current = this.#choose()
    return this.#current === this.#under ? this.#hasUnder : this.#hasOver
  }

  #choose(): Walk<Key, Value> {
    if (!this.#hasOver) return this.#under
    if (!this.#hasUnder) return this.#over
    const order = this.#compare(this.#under.key, this.#over.key)
    if (order < 0) return this.#under
    if (order === 0) this.#hasUnder = this.#under.next()
    return this.#over
  }
}

/** A walk that never has an entry, and so may be shared. */
export const NO_WALK: Walk<never, never> = walkArrays<never, never>({ keys: [], values: [], from: 0 })
