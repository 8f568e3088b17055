import { createKeyTable, type KeyTable } from './key-table.ts'
import {
  branchOf,
  createIndex,
  type Index,
  type IndexDefinition,
  MAIN_BRANCH,
  type Place,
  placeOf,
  type Range,
  type Row,
} from './record-index.ts'
import { NO_WALK, type Walk } from './walk.ts'

/**
 * Makes an empty index of a table over its rows. Where group and key are unique together, rows are found by a hash of
 * both; groups are only made where somebody walks them.
 */
export function createRowIndex<Item>(
  definition: IndexDefinition<Item>,
  itemOf: (row: Row) => Item,
): Index<Item, Row> {
  const groups = definition.ordered ? createIndex(definition, itemOf) : null
  if (groups !== null && definition.refuseDuplicate === undefined) return groups
  return new UniqueIndex({ definition, itemOf, groups })
}

interface UniqueIndexParts<Item> {
  readonly definition: IndexDefinition<Item>
  readonly itemOf: (row: Row) => Item
  readonly groups: Index<Item, Row> | null
}

class UniqueIndex<Item> implements Index<Item, Row> {
  readonly #definition: IndexDefinition<Item>
  readonly #groups: Index<Item, Row> | null
  readonly #isAt: (row: Row, place: Place) => boolean
  readonly #rows: KeyTable
  /** The branches besides the main one. */
  #branches: Map<string, KeyTable> | null = null

  constructor({ definition, itemOf, groups }: UniqueIndexParts<Item>) {
    this.#definition = definition
    this.#groups = groups
    this.#isAt = (row, { group, key }) => {
      const item = itemOf(row)
      return definition.keyOf(item) === key && definition.groupOf(item) === group
    }
    this.#rows = createKeyTable(this.#isAt)
  }

  find(place: Place): Row | undefined {
    return this.#branch(place.branch ?? MAIN_BRANCH)?.find(place)
  }

  has(group: string): boolean {
    return this.#groups?.has(group) ?? false
  }

  first(group: string): Row | undefined {
    return this.#groups?.first(group)
  }

  walk(range: Range): Walk<string, Row> {
    return this.#groups?.walk(range) ?? NO_WALK
  }

  add(item: Item, row: Row): void {
    this.#branchFor(item).add(placeOf(this.#definition, item), row)
    this.#groups?.add(item, row)
  }

  remove(item: Item, row: Row): void {
    this.#branchFor(item).remove(placeOf(this.#definition, item), row)
    this.#groups?.remove(item, row)
  }

  #branch(branch: string): KeyTable | undefined {
    return branch === MAIN_BRANCH ? this.#rows : this.#branches?.get(branch)
  }

  /** The branch that a record belongs to; a new one where there is none. */
  #branchFor(item: Item): KeyTable {
    const branch = branchOf(this.#definition, item)
    const found = this.#branch(branch)
    if (found !== undefined) return found
    const rows = createKeyTable(this.#isAt)
    this.#branches ??= new Map()
    this.#branches.set(branch, rows)
    return rows
  }
}
