import type { Layer, Layers } from './layer.ts'
import { compareAscii } from './ordered-map.ts'
import type { IndexReference, Place, Range, Row } from './record-index.ts'
import type { Table } from './table.ts'
import { mergeWalks, type Walk } from './walk.ts'

/** Records in the order of an index: its key, and the record. */
export type RecordWalk<Item> = Walk<string, Item>

/** The records as one unit of work sees them: the committed ones, and over them a layer per table. */
export interface View {
  get<Item>(table: Table<Item>, id: string): Item | null
  find<Item>(table: Table<Item>, index: IndexReference<Item>, at: Place): Item | null
  has<Item>(table: Table<Item>, index: IndexReference<Item>, group: string): boolean
  /** The records of one group, by key ascending. */
  walk<Item>(table: Table<Item>, index: IndexReference<Item>, range: Range): RecordWalk<Item>
  /** The record with this id, as far as a group of another table is named by it. */
  getReferred<Item, Referring>(table: Table<Item>, by: Group<Referring>): Item | null
  /** The records of a table whose ids are the keys of a group of another one, by id ascending. */
  walkReferred<Item, Referring>(table: Table<Item>, by: Reference<Referring>): RecordWalk<Item>
  /** How many records there are. */
  count<Item>(table: Table<Item>): number
}

/** A group that is named by the id of a record of another table. */
export interface Group<Item> {
  readonly table: Table<Item>
  readonly index: IndexReference<Item>
  readonly id: string
}

/** A part of a group whose keys are ids of records of another table. */
export interface Reference<Item> {
  readonly table: Table<Item>
  readonly index: IndexReference<Item>
  readonly range: Range
}

export function createView(layers: Layers): View {
  return new LayeredView(layers)
}

class LayeredView implements View {
  readonly #layers: Layers

  constructor(layers: Layers) {
    this.#layers = layers
  }

  get<Item>(table: Table<Item>, id: string): Item | null {
    const change = this.#layers.find(table)?.changes.get(id)
    return change === undefined ? (table.get(id) ?? null) : change.item
  }

  find<Item>(table: Table<Item>, index: IndexReference<Item>, place: Place): Item | null {
    const layer = this.#layers.find(table)
    const own = layer?.index(index).find(place)
    if (own !== undefined) return own.item
    const row = table.index(index).find(place)
    if (row === undefined || isCovered(layer, row)) return null
    table.keepAtHand(row)
    return table.itemAt(row)
  }

  has<Item>(table: Table<Item>, index: IndexReference<Item>, group: string): boolean {
    if (this.#layers.find(table) === undefined) return table.index(index).has(group)
    return this.walk(table, index, { group }).next()
  }

  walk<Item>(table: Table<Item>, index: IndexReference<Item>, range: Range): RecordWalk<Item> {
    const layer = this.#layers.find(table)
    const committed = new CommittedWalk({ table, layer, rows: table.index(index).walk(range) })
    if (layer === undefined) return committed
    const own = new ShownWalk<Item>(layer.index(index).walk(range))
    return mergeWalks({ under: committed, over: own, compare: compareAscii })
  }

  getReferred<Item, Referring>(table: Table<Item>, by: Group<Referring>): Item | null {
    const { table: referring, index, id } = by
    if (!this.#knowsOwners(referring, table))
      return this.has(referring, index, id) ? this.get(table, id) : null
    const row = referring.index(index).first(id)
    if (row === undefined) return null
    const owner = referring.ownerAt(row)
    table.keepAtHand(owner)
    return table.itemAt(owner)
  }

  walkReferred<Item, Referring>(table: Table<Item>, by: Reference<Referring>): RecordWalk<Item> {
    const { table: referring, index, range } = by
    if (this.#knowsOwners(referring, table)) {
      return new OwnerWalk({ table, referring, rows: referring.index(index).walk(range) })
    }
    return new FoundWalk(this.walk(referring, index, range), (id) => this.get(table, id))
  }

  /** Whether the rows of a table lead to what is in sight of those they belong to. */
  #knowsOwners<Item, Owner>(table: Table<Item>, owners: Table<Owner>): boolean {
    return (
      table.owners?.table === owners &&
      this.#layers.find(table) === undefined &&
      this.#layers.find(owners) === undefined
    )
  }

  count<Item>(table: Table<Item>): number {
    let count = table.size
    this.#layers.find(table)?.changes.forEach(({ item }, id) => {
      if (item !== null) count++
      if (table.get(id) !== undefined) count--
    })
    return count
  }
}

function isCovered<Item>(layer: Layer<Item> | undefined, row: Row): boolean {
  return layer?.changes.has(layer.table.idAt(row)) === true
}

/** The committed records of one table that a walk leads to. */
interface CommittedRows<Item> {
  readonly table: Table<Item>
  readonly layer: Layer<Item> | undefined
  readonly rows: Walk<string, Row>
}

/** The committed records that no layer covers. */
class CommittedWalk<Item> implements RecordWalk<Item> {
  readonly #table: Table<Item>
  readonly #layer: Layer<Item> | undefined
  readonly #rows: Walk<string, Row>

  constructor({ table, layer, rows }: CommittedRows<Item>) {
    this.#table = table
    this.#layer = layer
    this.#rows = rows
  }

  get key(): string {
    return this.#rows.key
  }

  get value(): Item {
    return this.#table.itemAt(this.#rows.value)
  }

  next(): boolean {
    while (this.#rows.next()) if (!isCovered(this.#layer, this.#rows.value)) return true
    return false
  }
}

/** What a layer shows. */
class ShownWalk<Item> implements RecordWalk<Item> {
  readonly #changes: Walk<string, { readonly item: Item | null }>

  constructor(changes: Walk<string, { readonly item: Item | null }>) {
    this.#changes = changes
  }

  get key(): string {
    return this.#changes.key
  }

  get value(): Item {
    return this.#changes.value.item as Item
  }

  next(): boolean {
    return this.#changes.next()
  }
}

/** The rows of a table whose records belong to those of another. */
interface ReferringRows<Item, Referring> {
  readonly table: Table<Item>
  readonly referring: Table<Referring>
  readonly rows: Walk<string, Row>
}

/** The records that rows of another table belong to. */
class OwnerWalk<Item, Referring> implements RecordWalk<Item> {
  readonly #table: Table<Item>
  readonly #referring: Table<Referring>
  readonly #rows: Walk<string, Row>

  constructor({ table, referring, rows }: ReferringRows<Item, Referring>) {
    this.#table = table
    this.#referring = referring
    this.#rows = rows
  }

  get key(): string {
    return this.#rows.key
  }

  get value(): Item {
    return this.#table.itemAt(this.#referring.ownerAt(this.#rows.value))
  }

  next(): boolean {
    return this.#rows.next()
  }
}

/** The records whose ids are the keys of a walk, as far as they are there. */
class FoundWalk<Item> implements RecordWalk<Item> {
  readonly #keys: Walk<string, unknown>
  readonly #find: (id: string) => Item | null
  #item: Item | null = null

  constructor(keys: Walk<string, unknown>, find: (id: string) => Item | null) {
    this.#keys = keys
    this.#find = find
  }

  get key(): string {
    return this.#keys.key
  }

  get value(): Item {
    return this.#item as Item
  }

  next(): boolean {
    while (this.#keys.next()) {
      this.#item = this.#find(this.#keys.key)
      if (this.#item !== null) return true
    }
    return false
  }
}
