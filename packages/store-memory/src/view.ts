import type { Layer } from './layer.ts'
import type { Start } from './ordered-map.ts'
import type { IndexReference, Table } from './table.ts'

/** An entry of an ordered walk: the key in the index, and the record. */
export type Entry<Item> = readonly [key: string, item: Item]

/** The records as one unit of work sees them: the committed ones, and over them a layer per table. */
export interface View {
  get<Item>(table: Table<Item>, id: string): Item | null
  find<Item>(table: Table<Item>, index: IndexReference<Item>, at: Place): Item | null
  has<Item>(table: Table<Item>, index: IndexReference<Item>, group: string): boolean
  /** The records of one group, by key ascending. */
  entries<Item>(table: Table<Item>, index: IndexReference<Item>, range: Range): Iterable<Entry<Item>>
  /** How many records there are. */
  count<Item>(table: Table<Item>): number
}

/** A key within a group of an index. */
export interface Place {
  readonly group: string
  readonly key: string
}

/** The part of a group that a walk visits. */
export interface Range {
  readonly group: string
  readonly start?: Start<string> | undefined
}

/** Finds the layer of a table, or `undefined` while nothing lies over it. */
export type LayerOf = <Item>(table: Table<Item>) => Layer<Item> | undefined

export function createView(layerOf: LayerOf): View {
  return new LayeredView(layerOf)
}

class LayeredView implements View {
  readonly #layerOf: LayerOf

  constructor(layerOf: LayerOf) {
    this.#layerOf = layerOf
  }

  get<Item>(table: Table<Item>, id: string): Item | null {
    const change = this.#layerOf(table)?.changes.get(id)
    return change === undefined ? (table.get(id) ?? null) : change.item
  }

  find<Item>(table: Table<Item>, index: IndexReference<Item>, { group, key }: Place): Item | null {
    const layer = this.#layerOf(table)
    const own = layer?.index(index).find(group, key)
    if (own !== undefined) return layer?.changes.get(own)?.item ?? null
    const id = table.index(index).find(group, key)
    return id === undefined || layer?.changes.has(id) ? null : (table.get(id) ?? null)
  }

  has<Item>(table: Table<Item>, index: IndexReference<Item>, group: string): boolean {
    if (this.#layerOf(table) === undefined) return table.index(index).has(group)
    for (const _entry of this.entries(table, index, { group })) return true
    return false
  }

  *entries<Item>(table: Table<Item>, index: IndexReference<Item>, range: Range): Iterable<Entry<Item>> {
    const committed = table.index(index).entries(range.group, range.start)
    const layer = this.#layerOf(table)
    if (layer === undefined) {
      for (const [key, id] of committed) yield [key, table.get(id) as Item]
      return
    }
    yield* mergeEntries(uncovered(table, layer, committed), shown(layer, index, range))
  }

  count<Item>(table: Table<Item>): number {
    let count = table.size
    for (const [id, { item }] of this.#layerOf(table)?.changes ?? []) {
      if (item !== null) count++
      if (table.get(id) !== undefined) count--
    }
    return count
  }
}

function* uncovered<Item>(
  table: Table<Item>,
  layer: Layer<Item>,
  committed: Iterable<readonly [string, string]>,
): Iterable<Entry<Item>> {
  for (const [key, id] of committed) {
    if (!layer.changes.has(id)) yield [key, table.get(id) as Item]
  }
}

function* shown<Item>(layer: Layer<Item>, index: IndexReference<Item>, range: Range): Iterable<Entry<Item>> {
  for (const [key, id] of layer.index(index).entries(range.group, range.start)) {
    yield [key, layer.changes.get(id)?.item as Item]
  }
}

/** Merges two walks by key. Where both have a key, the entry of `over` stands for both. */
export function* mergeEntries<Item>(
  under: Iterable<Entry<Item>>,
  over: Iterable<Entry<Item>>,
): Iterable<Entry<Item>> {
  const lower = under[Symbol.iterator]()
  let waiting = lower.next()
  for (const entry of over) {
    while (!waiting.done && waiting.value[0] < entry[0]) {
      yield waiting.value
      waiting = lower.next()
    }
    if (!waiting.done && waiting.value[0] === entry[0]) waiting = lower.next()
    yield entry
  }
  while (!waiting.done) {
    yield waiting.value
    waiting = lower.next()
  }
}
