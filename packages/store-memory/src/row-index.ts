import { type Branches, createBranches, MAIN_BRANCH } from './branches.ts'
import { createKeyTable, type GroupKey, type KeyTable } from './key-table.ts'
import {
  createIndex,
  type Index,
  type IndexDefinition,
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
  readonly #branches: Branches<KeyTable>

  constructor({ definition, itemOf, groups }: UniqueIndexParts<Item>) {
    this.#definition = definition
    this.#groups = groups
    const isAt = (row: Row, { group, key }: GroupKey) => {
      const item = itemOf(row)
      return definition.keyOf(item) === key && definition.groupOf(item) === group
    }
    this.#branches = createBranches(() => createKeyTable(isAt))
  }

  find(place: Place): Row | undefined {
    return this.#branches.find(place.branch ?? MAIN_BRANCH)?.find(place)
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
    const place = placeOf(this.#definition, item)
    this.#branches.over(place.branch).add(place, row)
    this.#groups?.add(item, row)
  }

  remove(item: Item, row: Row): void {
    const place = placeOf(this.#definition, item)
    this.#branches.over(place.branch).remove(place, row)
    this.#groups?.remove(item, row)
  }
}
