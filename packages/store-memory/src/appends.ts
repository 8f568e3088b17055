import type { Partition } from './partition.ts'

/** Up to this many items a look through all of them is faster than an index. */
const SCAN_LIMIT = 8

/** What a transaction has appended to the logs of one kind and not committed yet. */
export interface Appends<Item extends { readonly id: string }> {
  readonly length: number
  /** The items for the log of the scope itself, in the order of their calls. */
  own(): readonly Item[]
  has(partition: Partition, id: string): boolean
  append(partition: Partition, item: Item): void
  /** Takes back everything after the first `length` items. */
  truncate(length: number): void
  /** All items in the order of their calls, whichever log they are for. */
  each(visit: (partition: Partition, item: Item) => void): void
}

export function createAppends<Item extends { readonly id: string }>(own: Partition): Appends<Item> {
  return new OrderedAppends(own)
}

const NOTHING: readonly never[] = []

class OrderedAppends<Item extends { readonly id: string }> implements Appends<Item> {
  readonly #own: Partition
  #items: Item[] | null = null
  /** The partition of each item; absent while all are for the scope's own. */
  #partitions: Partition[] | null = null
  /** Built when there is too much to look through. */
  #ids: Map<Partition, Set<string>> | null = null

  constructor(own: Partition) {
    this.#own = own
  }

  get length(): number {
    return this.#items?.length ?? 0
  }

  own(): readonly Item[] {
    const items = this.#items ?? NOTHING
    if (this.#partitions === null) return items
    return items.filter((_, index) => this.#partitionAt(index) === this.#own)
  }

  has(partition: Partition, id: string): boolean {
    const items = this.#items
    if (items === null) return false
    if (items.length <= SCAN_LIMIT) {
      return items.some((item, index) => item.id === id && this.#partitionAt(index) === partition)
    }
    if (this.#ids === null) {
      this.#ids = new Map()
      this.each((where, item) => this.#index(where, item.id))
    }
    return this.#ids.get(partition)?.has(id) ?? false
  }

  append(partition: Partition, item: Item): void {
    if (partition !== this.#own) this.#partitions ??= (this.#items ?? []).map(() => this.#own)
    this.#partitions?.push(partition)
    // Most transactions append one: a list that grows makes room for many at once.
    if (this.#items === null) this.#items = [item]
    else this.#items.push(item)
    if (this.#ids !== null) this.#index(partition, item.id)
  }

  truncate(length: number): void {
    if (this.#items !== null) this.#items.length = length
    if (this.#partitions !== null) this.#partitions.length = length
    this.#ids = null
  }

  each(visit: (partition: Partition, item: Item) => void): void {
    const items = this.#items ?? NOTHING
    for (let index = 0; index < items.length; index++) visit(this.#partitionAt(index), items[index] as Item)
  }

  #partitionAt(index: number): Partition {
    return this.#partitions?.[index] ?? this.#own
  }

  #index(partition: Partition, id: string): void {
    const ids = this.#ids?.get(partition)
    if (ids === undefined) this.#ids?.set(partition, new Set([id]))
    else ids.add(id)
  }
}
