import type { EntityKind, UserEngineError } from '@user-engine/store-protocol'
import { createHashTable, type EntryNumber, type HashTable } from './hash-table.ts'
import { compareAscii, createOrderedMap, type OrderedMap, type Start } from './ordered-map.ts'
import { NO_WALK, type Walk, walkArrays } from './walk.ts'

const MAIN_BRANCH = ''

/** How one index of a table is made. Group and key of a record never change while it exists. */
export interface IndexDefinition<Item> {
  /** The records that are listed or looked up together; `''` when all are. */
  groupOf(item: Item): string
  /**
   * The branch of the index that the group is in; `''` when there is one branch. What few values tell apart is told
   * apart before a group is looked for, among groups with shorter names.
   */
  branchOf?(item: Item): string
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

/** Where an index has a record. */
export function placeOf<Item>(index: IndexDefinition<Item>, item: Item): Required<Place> {
  return { branch: branchOf(index, item), group: index.groupOf(item), key: index.keyOf(item) }
}

function branchOf<Item>(index: IndexDefinition<Item>, item: Item): string {
  return index.branchOf?.(item) ?? MAIN_BRANCH
}

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

/**
 * Names the place of one record in its table, which stays when the record is replaced. It is a number and no object:
 * records lie side by side then, and not each behind an object of its own somewhere in the heap.
 */
export type Row = EntryNumber

/** A key within a group of an index. */
export interface Place {
  /** Default: `''`. */
  readonly branch?: string
  readonly group: string
  readonly key: string
}

/** The part of a group that a walk visits. */
export interface Range {
  /** Default: `''`. */
  readonly branch?: string
  readonly group: string
  readonly start?: Start<string> | undefined
}

/** Looks up what shows a record by (branch, group, key), and walks the keys of one group in order. */
export interface Index<Item, Shown> {
  find(place: Place): Shown | undefined
  /** Whether there is such a group in the main branch. */
  has(group: string): boolean
  /** The first of a group of the main branch; of ordered indexes only. */
  first(group: string): Shown | undefined
  /** The entries of a range by key ascending; of ordered indexes only. */
  walk(range: Range): Walk<string, Shown>
  /** Adds a record. Where a key that is not unique is taken, the first record keeps it. */
  add(item: Item, shown: Shown): void
  /** Removes a record where it holds its key. */
  remove(item: Item, shown: Shown): void
}

/** The committed records of one kind, of the platform or of one tenant. */
export interface Table<Item> {
  readonly definition: TableDefinition<Item>
  readonly owners: Owners<Item> | null
  readonly size: number
  get(id: string): Item | undefined
  /** The row of the record with this id; 0 when there is none. */
  rowOf(id: string): Row
  idAt(row: Row): string
  itemAt(row: Row): Item
  /** The row of the record that this one belongs to, in the table of {@link Table.owners}; 0 when there is none. */
  ownerAt(row: Row): Row
  /** Keeps a row that an index has led to at hand: whoever reads a record often changes it next. */
  keepAtHand(row: Row): void
  index(reference: IndexReference<Item>): Index<Item, Row>
  /** Adds a record that is not there. */
  add(id: string, item: Item): void
  /** Puts a new version of a record in the place of the old one. */
  replace(id: string, item: Item): void
  remove(id: string): void
}

/** The table of the records that those of another table belong to. Records are never removed from it. */
export interface Owners<Item> {
  readonly table: Table<unknown>
  idOf(item: Item): string
}

/** Makes an empty table. With owners, its rows know the rows they belong to, so that nobody has to look them up. */
export function createTable<Item extends {}>(
  definition: TableDefinition<Item>,
  owners: Owners<Item> | null = null,
): Table<Item> {
  return new NumberedTable(definition, owners)
}

/** Makes an empty index over what shows records; `itemOf` is the record that is shown. */
export function createIndex<Item, Shown extends Showing>(
  definition: IndexDefinition<Item>,
  itemOf: (shown: Shown) => Item,
): Index<Item, Shown> {
  return new GroupedIndex(definition, itemOf)
}

/** What shows a record: its row, or a change of it. */
type Showing = Row | { readonly item: unknown }

/** A group of several records. Most groups have one, which then stands for itself: a map of one costs several times more. */
type Several<Shown extends {}> = OrderedMap<string, Shown> | HashTable<Shown>

function isSeveral<Shown extends Showing>(found: Shown | Several<Shown>): found is Several<Shown> {
  return typeof found === 'object' && !('item' in found)
}

type Groups<Shown extends {}> = HashTable<Shown | Several<Shown>>

class GroupedIndex<Item, Shown extends Showing> implements Index<Item, Shown> {
  readonly #definition: IndexDefinition<Item>
  readonly #itemOf: (shown: Shown) => Item
  readonly #groups: Groups<Shown> = createHashTable()
  /** The branches besides the main one. */
  #branches: Map<string, Groups<Shown>> | null = null

  constructor(definition: IndexDefinition<Item>, itemOf: (shown: Shown) => Item) {
    this.#definition = definition
    this.#itemOf = itemOf
  }

  find({ branch = MAIN_BRANCH, group, key }: Place): Shown | undefined {
    const found = this.#branch(branch)?.get(group)
    if (found === undefined) return undefined
    if (isSeveral(found)) return found.get(key)
    return this.#keyOf(found) === key ? found : undefined
  }

  has(group: string): boolean {
    return this.#groups.get(group) !== undefined
  }

  first(group: string): Shown | undefined {
    const found = this.#groups.get(group)
    if (found === undefined || !isSeveral(found)) return found
    return 'first' in found ? found.first() : undefined
  }

  walk({ branch = MAIN_BRANCH, group, start }: Range): Walk<string, Shown> {
    const found = this.#branch(branch)?.get(group)
    if (found === undefined) return NO_WALK
    if (isSeveral(found)) return 'walk' in found ? found.walk(start) : NO_WALK
    const key = this.#keyOf(found)
    const isBefore = start !== undefined && (start.inclusive ? key < start.key : key <= start.key)
    return isBefore ? NO_WALK : walkArrays({ keys: [key], values: [found], from: 0 })
  }

  add(item: Item, shown: Shown): void {
    const groups = this.#branchFor(item)
    const name = this.#definition.groupOf(item)
    const found = groups.get(name)
    if (found === undefined) {
      groups.set(name, shown)
      return
    }
    const key = this.#definition.keyOf(item)
    if (isSeveral(found)) {
      if (found.get(key) === undefined) found.set(key, shown)
      return
    }
    const held = this.#keyOf(found)
    if (held === key) return
    const several = this.#definition.ordered
      ? createOrderedMap<string, Shown>(compareAscii)
      : createHashTable<Shown>()
    several.set(held, found)
    several.set(key, shown)
    groups.set(name, several)
  }

  remove(item: Item, shown: Shown): void {
    const groups = this.#branchFor(item)
    const name = this.#definition.groupOf(item)
    const found = groups.get(name)
    if (found !== undefined && isSeveral(found)) {
      const key = this.#definition.keyOf(item)
      if (found.get(key) !== shown) return
      found.delete(key)
      if (found.size === 0) groups.delete(name)
    } else if (found === shown) {
      groups.delete(name)
    }
  }

  #branch(branch: string): Groups<Shown> | undefined {
    return branch === MAIN_BRANCH ? this.#groups : this.#branches?.get(branch)
  }

  /** The branch that a record belongs to; a new one where there is none. */
  #branchFor(item: Item): Groups<Shown> {
    const branch = branchOf(this.#definition, item)
    const found = this.#branch(branch)
    if (found !== undefined) return found
    const groups: Groups<Shown> = createHashTable()
    this.#branches ??= new Map()
    this.#branches.set(branch, groups)
    return groups
  }

  #keyOf(shown: Shown): string {
    return this.#definition.keyOf(this.#itemOf(shown))
  }
}

class NumberedTable<Item extends {}> implements Table<Item> {
  readonly definition: TableDefinition<Item>
  readonly owners: Owners<Item> | null
  readonly #records: HashTable<Item> = createHashTable()
  readonly #indexes: readonly Index<Item, Row>[]
  /** The owner of each row, from 1; empty where the table has none. */
  readonly #owners: Row[] = []
  /** The row that was in use last, or 0: finding it again costs no look-up in a map that is in no cache. */
  #atHand: Row = 0

  constructor(definition: TableDefinition<Item>, owners: Owners<Item> | null) {
    this.definition = definition
    this.owners = owners
    const itemOf = (row: Row) => this.itemAt(row)
    this.#indexes = definition.indexes.map((index) => createIndex(index, itemOf))
  }

  get size(): number {
    return this.#records.size
  }

  get(id: string): Item | undefined {
    const row = this.rowOf(id)
    return row === 0 ? undefined : this.itemAt(row)
  }

  rowOf(id: string): Row {
    if (this.#atHand !== 0 && this.idAt(this.#atHand) === id) return this.#atHand
    const row = this.#records.entryOf(id)
    if (row !== 0) this.#atHand = row
    return row
  }

  idAt(row: Row): string {
    return this.#records.keyAt(row)
  }

  itemAt(row: Row): Item {
    return this.#records.valueAt(row)
  }

  ownerAt(row: Row): Row {
    return this.#owners[row - 1] ?? 0
  }

  keepAtHand(row: Row): void {
    this.#atHand = row
  }

  index(reference: IndexReference<Item>): Index<Item, Row> {
    return this.#indexes[reference.position] as Index<Item, Row>
  }

  add(id: string, item: Item): void {
    const row = this.#records.set(id, item)
    if (this.owners !== null) this.#owners[row - 1] = this.owners.table.rowOf(this.owners.idOf(item))
    for (const index of this.#indexes) index.add(item, row)
  }

  replace(id: string, item: Item): void {
    const row = this.rowOf(id)
    if (row !== 0) this.#records.setAt(row, item)
  }

  remove(id: string): void {
    const row = this.#records.entryOf(id)
    if (row === 0) return
    for (const index of this.#indexes) index.remove(this.itemAt(row), row)
    this.#records.delete(id)
    this.#atHand = 0
  }
}
