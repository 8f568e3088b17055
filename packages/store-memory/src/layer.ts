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
  index(reference: IndexReference<Item>): Index<Item, Change<Item>>
}

export function createLayer<Item>(table: Table<Item>): Layer<Item> {
  return new IndexedLayer(table)
}

class IndexedLayer<Item> implements Layer<Item> {
  readonly changes = new Map<string, Change<Item>>()
  readonly #table: Table<Item>
  /** Built when they are first asked for: most layers hold a record or two and are never searched. */
  readonly #indexes: (Index<Item, Change<Item>> | undefined)[] = []

  constructor(table: Table<Item>) {
    this.#table = table
  }

  set(id: string, change: Change<Item> | undefined): void {
    if (this.#indexes.length > 0) this.#index(this.changes.get(id), change)
    if (change === undefined) this.changes.delete(id)
    else this.changes.set(id, change)
  }

  index(reference: IndexReference<Item>): Index<Item, Change<Item>> {
    const built = this.#indexes[reference.position]
    if (built !== undefined) return built
    const definition = this.#table.definition.indexes[reference.position] as IndexReference<Item>
    const index = createIndex<Item, Change<Item>>(definition)
    for (const change of this.changes.values()) if (change.item !== null) index.add(change.item, change)
    this.#indexes[reference.position] = index
    return index
  }

  #index(former: Change<Item> | undefined, change: Change<Item> | undefined): void {
    for (const index of this.#indexes) {
      if (former !== undefined && former.item !== null) index?.remove(former.item, former)
      if (change !== undefined && change.item !== null) index?.add(change.item, change)
    }
  }
}
