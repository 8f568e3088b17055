import { empty, grow, hashOf, isFull, mix, NO_PLACES, type Places, put } from './open-addressing.ts'
import type { Row } from './record-index.ts'

/** A key within a group. */
export interface GroupKey {
  readonly group: string
  readonly key: string
}

/**
 * The rows of records by (group, key), where both together are unique. It holds no texts and no map per group: a look-up
 * goes from a place straight to the record, which says itself whether it is the one.
 */
export interface KeyTable {
  find(wanted: GroupKey): Row | undefined
  /** Adds a row that is not there. */
  add(key: GroupKey, row: Row): void
  remove(key: GroupKey, row: Row): void
}

/** `isAt` says whether the record of a row has a group and key. */
export function createKeyTable(isAt: (row: Row, key: GroupKey) => boolean): KeyTable {
  return new HashedRows(isAt)
}

class HashedRows implements KeyTable {
  readonly #isAt: (row: Row, key: GroupKey) => boolean
  #places: Places = NO_PLACES
  #size = 0

  constructor(isAt: (row: Row, key: GroupKey) => boolean) {
    this.#isAt = isAt
  }

  find(wanted: GroupKey): Row | undefined {
    const places = this.#places
    const hash = hashOfBoth(wanted)
    const last = places.length - 2
    let at = (hash * 2) & last
    for (let row = places[at + 1] as Row; row !== 0; row = places[at + 1] as number) {
      if (places[at] === hash && this.#isAt(row, wanted)) return row
      at = (at + 2) & last
    }
    return undefined
  }

  add(key: GroupKey, row: Row): void {
    if (isFull(this.#places, this.#size)) this.#places = grow(this.#places)
    put(this.#places, hashOfBoth(key), row)
    this.#size++
  }

  remove(key: GroupKey, row: Row): void {
    const places = this.#places
    const last = places.length - 2
    let at = (hashOfBoth(key) * 2) & last
    while (places[at + 1] !== 0 && places[at + 1] !== row) at = (at + 2) & last
    if (places[at + 1] === 0) return
    empty(places, at)
    this.#size--
  }
}

function hashOfBoth({ group, key }: GroupKey): number {
  return mix(hashOf(group), hashOf(key))
}
