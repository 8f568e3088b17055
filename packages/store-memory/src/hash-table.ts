import { empty, grow, hashOf, isFull, NO_PLACES, type Places } from './open-addressing.ts'

/**
 * A map from texts to values for very many entries. A `Map` looks at two keys on average to find one, and at as many to
 * find none; with a million entries each of them is in no cache. Here the hash of every key lies in the table itself, so
 * that a look-up reads one place of it, and then the entry that it wants or none at all.
 */
export interface HashTable<Value> {
  readonly size: number
  get(key: string): Value | undefined
  /** Sets the value at a key, and returns the number of the entry. */
  set(key: string, value: Value): EntryNumber
  delete(key: string): void
  /** The number of the entry at a key; 0 when there is none. */
  entryOf(key: string): EntryNumber
  /** The key of an entry that is there. */
  keyAt(entry: EntryNumber): string
  /** The value of an entry that is there. */
  valueAt(entry: EntryNumber): Value
  /** Sets the value of an entry that is there. */
  setAt(entry: EntryNumber, value: Value): void
}

/** Names an entry while it is there, from 1. Who keeps one finds the entry without its key. */
export type EntryNumber = number

export function createHashTable<Value extends {}>(): HashTable<Value> {
  return new OpenHashTable()
}

/** Hashes and entries lie in an array each. */
class OpenHashTable<Value extends {}> implements HashTable<Value> {
  #places: Places = NO_PLACES
  /** The key and the value of each entry, the first one's at 2. */
  #entries: (string | Value | undefined)[] = [undefined, undefined]
  /** Numbers of entries that were removed. */
  #unused: number[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  get(key: string): Value | undefined {
    const entry = this.entryOf(key)
    return entry === 0 ? undefined : this.valueAt(entry)
  }

  entryOf(key: string): EntryNumber {
    return this.#places[this.#find(key, hashOf(key)) + 1] as number
  }

  keyAt(entry: EntryNumber): string {
    return this.#entries[entry * 2] as string
  }

  valueAt(entry: EntryNumber): Value {
    return this.#entries[entry * 2 + 1] as Value
  }

  setAt(entry: EntryNumber, value: Value): void {
    this.#entries[entry * 2 + 1] = value
  }

  set(key: string, value: Value): EntryNumber {
    const hash = hashOf(key)
    let at = this.#find(key, hash)
    const found = this.#places[at + 1] as number
    if (found !== 0) {
      this.setAt(found, value)
      return found
    }
    if (isFull(this.#places, this.#size)) {
      this.#places = grow(this.#places)
      at = this.#find(key, hash)
    }
    this.#size++
    const entry = this.#unused.pop() ?? this.#entries.length / 2
    if (entry * 2 === this.#entries.length) {
      this.#entries.push(key, value)
    } else {
      this.#entries[entry * 2] = key
      this.#entries[entry * 2 + 1] = value
    }
    this.#places[at] = hash
    this.#places[at + 1] = entry
    return entry
  }

  delete(key: string): void {
    const at = this.#find(key, hashOf(key))
    const entry = this.#places[at + 1] as number
    if (entry === 0) return
    this.#size--
    this.#entries[entry * 2] = undefined
    this.#entries[entry * 2 + 1] = undefined
    this.#unused.push(entry)
    empty(this.#places, at)
  }

  /** Where in the places a key is, or where it would be. */
  #find(key: string, hash: number): number {
    const places = this.#places
    const last = places.length - 2
    let at = (hash * 2) & last
    for (let entry = places[at + 1] as number; entry !== 0; entry = places[at + 1] as number) {
      if (places[at] === hash && this.#entries[entry * 2] === key) return at
      at = (at + 2) & last
    }
    return at
  }
}
