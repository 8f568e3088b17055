import { createIndex, type Index, type IndexReference, type Table } from './table.ts'

/** One record that a layer shows differently from the committed state below it. */
export interface Change<Item> {
  /** What the layer shows; `null` is that there is no such record. */
  readonly item: Item | null
  /** The committed record that the first change of this id was made from; `null` when there was none. */
  readonly base: Item | null
  /** Whether the committed record was removed and one with the same id added, perhaps under other keys. */
  readonly isReinserted: boolean
}

/**
 * What lies over the committed records of one table: the writes of a transaction, or what a snapshot has to show
 * because it was committed after it began. An id that is in the layer hides the committed record of that id.
 */
export interface Layer<Item> {
  readonly changes: ReadonlyMap<string, Change<Item>>
  /** Puts a change into the place of the one that is there; `undefined` takes it away. */
  set(id: string, change: Change<Item> | undefined): void
  /** An index over the records that the layer shows. */
  index(reference: IndexReference<Item>): Index<Item>
}

export function createLayer<Item>(table: Table<Item>): Layer<Item> {
  return new IndexedLayer(table)
}

class IndexedLayer<Item> implements Layer<Item> {
  readonly changes = new Map<string, Change<Item>>()
  readonly #table: Table<Item>
  /** Built when they are first asked for: most layers hold a record or two and are never searched. */
  readonly #indexes: (Index<Item> | undefined)[] = []

  constructor(table: Table<Item>) {
    this.#table = table
  }

  set(id: string, change: Change<Item> | undefined): void {
    const former = this.changes.get(id)?.item ?? null
    const item = change?.item ?? null
    for (const index of this.#indexes) {
      if (former !== null) index?.remove(former, id)
      if (item !== null) index?.add(item, id)
    }
    if (change === undefined) this.changes.delete(id)
    else this.changes.set(id, change)
  }

  index(reference: IndexReference<Item>): Index<Item> {
    const built = this.#indexes[reference.position]
    if (built !== undefined) return built
    const index = createIndex(this.#table.definition.indexes[reference.position] as IndexReference<Item>)
    for (const [id, { item }] of this.changes) if (item !== null) index.add(item, id)
    this.#indexes[reference.position] = index
    return index
  }
}
