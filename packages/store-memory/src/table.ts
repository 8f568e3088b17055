import type { EntityKind } from '@user-engine/store-protocol'
import { createHashTable, type HashTable } from './hash-table.ts'
import type { Index, IndexDefinition, IndexReference, Row } from './record-index.ts'
import { createRowIndex } from './row-index.ts'

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
    this.#indexes = definition.indexes.map((index) => createRowIndex(index, itemOf))
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
