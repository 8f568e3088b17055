import { createFewMap, type FewMap } from './few-map.ts'
import { createIndex, type Index, type IndexReference } from './record-index.ts'
import type { Table } from './table.ts'

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
  readonly table: Table<Item>
  readonly changes: Pick<FewMap<string, Change<Item>>, 'get' | 'has' | 'forEach'>
  /** Puts a change into the place of the one that is there; `undefined` takes it away. */
  set(id: string, change: Change<Item> | undefined): void
  /** An index over the records that the layer shows. */
  index(reference: IndexReference<Item>): Index<Item, Change<Item>>
}

/** The layers of one unit of work, one per table that something lies over. */
export interface Layers {
  /** The layer over a table, or `undefined` while nothing lies over it. */
  find<Item>(table: Table<Item>): Layer<Item> | undefined
  /** The layer over a table; a new one where there is none. */
  over<Item>(table: Table<Item>): Layer<Item>
  /** The layers in the order in which they were made. */
  forEach(visit: (layer: Layer<unknown>) => void): void
}

export function createLayers(): Layers {
  return new TableLayers()
}

class TableLayers implements Layers {
  #layers: FewMap<Table<unknown>, Layer<unknown>> | null = null

  find<Item>(table: Table<Item>): Layer<Item> | undefined {
    return this.#layers?.get(table as Table<unknown>) as Layer<Item> | undefined
  }

  over<Item>(table: Table<Item>): Layer<Item> {
    const found = this.find(table)
    if (found !== undefined) return found
    const layer = new IndexedLayer(table)
    this.#layers ??= createFewMap()
    this.#layers.set(table as Table<unknown>, layer as Layer<unknown>)
    return layer
  }

  forEach(visit: (layer: Layer<unknown>) => void): void {
    this.#layers?.forEach(visit)
  }
}

class IndexedLayer<Item> implements Layer<Item> {
  readonly table: Table<Item>
  readonly changes = createFewMap<string, Change<Item>>()
  /** Built when they are first asked for: most layers hold a record or two and are never searched. */
  #indexes: (Index<Item, Change<Item>> | undefined)[] | null = null

  constructor(table: Table<Item>) {
    this.table = table
  }

  set(id: string, change: Change<Item> | undefined): void {
    if (this.#indexes !== null) this.#reindex(this.changes.get(id), change)
    if (change === undefined) this.changes.delete(id)
    else this.changes.set(id, change)
  }

  index(reference: IndexReference<Item>): Index<Item, Change<Item>> {
    this.#indexes ??= []
    const built = this.#indexes[reference.position]
    if (built !== undefined) return built
    const definition = this.table.definition.indexes[reference.position] as IndexReference<Item>
    // What shows no record is in no index.
    const index = createIndex<Item, Change<Item>>(definition, ({ item }) => item as Item)
    this.changes.forEach((change) => {
      if (change.item !== null) index.add(change.item, change)
    })
    this.#indexes[reference.position] = index
    return index
  }

  #reindex(former: Change<Item> | undefined, change: Change<Item> | undefined): void {
    for (const index of this.#indexes ?? []) {
      if (former !== undefined && former.item !== null) index?.remove(former.item, former)
      if (change !== undefined && change.item !== null) index?.add(change.item, change)
    }
  }
}
