import type { UserEngineError } from '@user-engine/store-protocol'
import { createBranches, MAIN_BRANCH } from './branches.ts'
import { createHashTable, type EntryNumber, type HashTable } from './hash-table.ts'
import { compareAscii, createOrderedMap, type OrderedMap, type Start } from './ordered-map.ts'
import { NO_WALK, type Walk, walkArrays } from './walk.ts'

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
  /** Whether the index is walked in order, or only looked up; one that is only looked up is unique. */
  readonly ordered: boolean
  /** Present when (group, key) is unique: the error for the second record [IDN-03]. */
  readonly refuseDuplicate?: () => UserEngineError
}

/** An {@link IndexDefinition} within its table. */
export interface IndexReference<Item> extends IndexDefinition<Item> {
  /** Its place among the indexes of the table. */
  readonly position: number
}

/** Where an index has a record. */
export function placeOf<Item>(index: IndexDefinition<Item>, item: Item): Required<Place> {
  return { branch: branchOf(index, item), group: index.groupOf(item), key: index.keyOf(item) }
}

/** The branch of an index that a record is in. */
export function branchOf<Item>(index: IndexDefinition<Item>, item: Item): string {
  return index.branchOf?.(item) ?? MAIN_BRANCH
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

/** Makes an empty index over what shows records; `itemOf` is the record that is shown. */
export function createIndex<Item, Shown extends Showing>(
  definition: IndexDefinition<Item>,
  itemOf: (shown: Shown) => Item,
): Index<Item, Shown> {
  return new GroupedIndex(definition, itemOf)
}

/** What shows a record: its row, or a change of it. */
type Showing = Row | { readonly item: unknown }

/** The groups by name. Most have one record, which then stands for itself: a map of one costs several times more. */
type Groups<Shown extends {}> = HashTable<Shown | OrderedMap<string, Shown>>

function isSeveral<Shown extends Showing>(
  found: Shown | OrderedMap<string, Shown>,
): found is OrderedMap<string, Shown> {
  return typeof found === 'object' && !('item' in found)
}

class GroupedIndex<Item, Shown extends Showing> implements Index<Item, Shown> {
  readonly #definition: IndexDefinition<Item>
  readonly #itemOf: (shown: Shown) => Item
  readonly #branches = createBranches((): Groups<Shown> => createHashTable())

  constructor(definition: IndexDefinition<Item>, itemOf: (shown: Shown) => Item) {
    this.#definition = definition
    this.#itemOf = itemOf
  }

  find({ branch = MAIN_BRANCH, group, key }: Place): Shown | undefined {
    const found = this.#branches.find(branch)?.get(group)
    if (found === undefined) return undefined
    if (isSeveral(found)) return found.get(key)
    return this.#keyOf(found) === key ? found : undefined
  }

  has(group: string): boolean {
    return this.#branches.find(MAIN_BRANCH)?.get(group) !== undefined
  }

  first(group: string): Shown | undefined {
    const found = this.#branches.find(MAIN_BRANCH)?.get(group)
    return found !== undefined && isSeveral(found) ? found.first() : found
  }

  walk({ branch = MAIN_BRANCH, group, start }: Range): Walk<string, Shown> {
    const found = this.#branches.find(branch)?.get(group)
    if (found === undefined) return NO_WALK
    if (isSeveral(found)) return found.walk(start)
    const key = this.#keyOf(found)
    const isBefore = start !== undefined && (start.inclusive ? key < start.key : key <= start.key)
    return isBefore ? NO_WALK : walkArrays({ keys: [key], values: [found], from: 0 })
  }

  add(item: Item, shown: Shown): void {
    const groups = this.#branches.over(branchOf(this.#definition, item))
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
    const several = createOrderedMap<string, Shown>(compareAscii)
    several.set(held, found)
    several.set(key, shown)
    groups.set(name, several)
  }

  remove(item: Item, shown: Shown): void {
    const groups = this.#branches.over(branchOf(this.#definition, item))
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

  #keyOf(shown: Shown): string {
    return this.#definition.keyOf(this.#itemOf(shown))
  }
}
