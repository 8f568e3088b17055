import type { EntityKind, UserEngineError } from '@user-engine/store-protocol'
import { compareAscii, createOrderedMap, type OrderedMap, type Start } from './ordered-map.ts'

/** How one index of a table is made. Group and key of a record never change while it exists. */
export interface IndexDefinition<Item> {
  /** The records that are listed or looked up together; `''` when all are. */
  groupOf(item: Item): string
  /** The place within the group. Ordered keys are ASCII, see {@link compareAscii}. */
  keyOf(item: Item): string
  /** Whether the index is walked in order, or only looked up. */
  readonly ordered: boolean
  /** Present when (group, key) is unique: the error for the second record [IDN-03]. */
  readonly refuseDuplicate?: () => UserEngineError
}

/** An {@link IndexDefinition} within its table. */
export interface IndexReference<Item> extends IndexDefinition<Item> {
  /** Its place among the indexes of the table. */
  readonly position: number
}

/** What a table holds and how it is looked up. */
export interface TableDefinition<Item> {
  readonly entity: EntityKind
  idOf(item: Item): string
  readonly indexes: readonly IndexReference<Item>[]
}

type Indexes<Item, Name extends string> = { readonly [Key in Name]: IndexDefinition<Item> }

/** Declares a table: its definition, and a reference to each of its indexes by name. */
export function defineTable<Item>(entity: EntityKind, idOf: (item: Item) => string) {
  return <Name extends string>(
    named: Indexes<Item, Name>,
  ): TableDefinition<Item> & { readonly [Key in Name]: IndexReference<Item> } => {
    const references = {} as { [Key in Name]: IndexReference<Item> }
    const indexes: IndexReference<Item>[] = []
    for (const name of Object.keys(named) as Name[]) {
      const definition: IndexDefinition<Item> = named[name]
      const reference = Object.freeze({ ...definition, position: indexes.length })
      references[name] = reference
      indexes.push(reference)
    }
    return Object.freeze({ ...references, entity, idOf, indexes })
  }
}

/** Looks ids up by (group, key), and walks the keys of one group in order. */
export interface Index<Item> {
  find(group: string, key: string): string | undefined
  has(group: string): boolean
  sizeOf(group: string): number
  /** The entries of one group by key ascending, as [key, id]; of ordered indexes only. */
  entries(group: string, start?: Start<string>): Iterable<readonly [string, string]>
  /** Adds a record. Where a key that is not unique is taken, the first record keeps it. */
  add(item: Item, id: string): void
  /** Removes a record where it holds its key. */
  remove(item: Item, id: string): void
}

/** The committed records of one kind, of the platform or of one tenant. */
export interface Table<Item> {
  readonly definition: TableDefinition<Item>
  readonly size: number
  get(id: string): Item | undefined
  index(reference: IndexReference<Item>): Index<Item>
  /** Adds a record that is not there. */
  add(id: string, item: Item): void
  /** Puts a new version of a record in the place of the old one. */
  replace(id: string, item: Item): void
  remove(id: string, item: Item): void
}

export function createTable<Item>(definition: TableDefinition<Item>): Table<Item> {
  return new MapTable(definition)
}

export function createIndex<Item>(definition: IndexDefinition<Item>): Index<Item> {
  return new GroupedIndex(definition)
}

const NOTHING: readonly never[] = []

type Group = OrderedMap<string, string> | Map<string, string>

class GroupedIndex<Item> implements Index<Item> {
  readonly #definition: IndexDefinition<Item>
  readonly #groups = new Map<string, Group>()

  constructor(definition: IndexDefinition<Item>) {
    this.#definition = definition
  }

  find(group: string, key: string): string | undefined {
    return this.#groups.get(group)?.get(key)
  }

  has(group: string): boolean {
    return this.#groups.has(group)
  }

  sizeOf(group: string): number {
    return this.#groups.get(group)?.size ?? 0
  }

  entries(group: string, start?: Start<string>): Iterable<readonly [string, string]> {
    const found = this.#groups.get(group)
    return found === undefined || found instanceof Map ? NOTHING : found.entries(start)
  }

  add(item: Item, id: string): void {
    const name = this.#definition.groupOf(item)
    let group = this.#groups.get(name)
    if (group === undefined) {
      group = this.#definition.ordered ? createOrderedMap<string, string>(compareAscii) : new Map()
      this.#groups.set(name, group)
    }
    const key = this.#definition.keyOf(item)
    if (group.get(key) === undefined) group.set(key, id)
  }

  remove(item: Item, id: string): void {
    const name = this.#definition.groupOf(item)
    const group = this.#groups.get(name)
    const key = this.#definition.keyOf(item)
    if (group === undefined || group.get(key) !== id) return
    group.delete(key)
    if (group.size === 0) this.#groups.delete(name)
  }
}

class MapTable<Item> implements Table<Item> {
  readonly definition: TableDefinition<Item>
  readonly #items = new Map<string, Item>()
  readonly #indexes: readonly Index<Item>[]

  constructor(definition: TableDefinition<Item>) {
    this.definition = definition
    this.#indexes = definition.indexes.map(createIndex)
  }

  get size(): number {
    return this.#items.size
  }

  get(id: string): Item | undefined {
    return this.#items.get(id)
  }

  index(reference: IndexReference<Item>): Index<Item> {
    return this.#indexes[reference.position] as Index<Item>
  }

  add(id: string, item: Item): void {
    this.#items.set(id, item)
    for (const index of this.#indexes) index.add(item, id)
  }

  replace(id: string, item: Item): void {
    this.#items.set(id, item)
  }

  remove(id: string, item: Item): void {
    this.#items.delete(id)
    for (const index of this.#indexes) index.remove(item, id)
  }
}
