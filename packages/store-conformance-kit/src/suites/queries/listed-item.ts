// What the cases about lists need to know of one.
import type {
  Id,
  Page,
  PageRequest,
  Scope,
  StoreReader,
  StoreTransaction,
  UserEngineStore,
} from '@user-engine/store-protocol'
import type { RecordMaker } from '../../records.ts'

/** One item of a list: how it is written, and what tells it from the others. */
export interface ListedItem {
  readonly key: string
  insert(tx: StoreTransaction): Promise<unknown>
  /** Null for what is never deleted. */
  readonly remove: ((tx: StoreTransaction) => Promise<void>) | null
}

/** A page as the keys of its items. */
export interface KeyPage {
  readonly keys: readonly string[]
  readonly nextCursor: string | null
}

export interface PreparedList {
  /** Items that are not written yet, in the order of the list. */
  readonly items: readonly ListedItem[]
  list(reader: StoreReader, page: PageRequest): Promise<KeyPage>
}

export interface ListUnderTest {
  readonly name: string
  /** Where it is read. */
  readonly scope: Scope
  /** Where its items are written. */
  readonly writtenIn: Scope
  /** By a key of the items, or by their commits, which is never in between. */
  readonly orderedBy: 'key' | 'commit' | 'commit-descending'
  /** Writes what the items refer to, and noise that the list must leave out. */
  prepare(store: UserEngineStore, make: RecordMaker): Promise<PreparedList>
}

/** How many items a list has: more than a few pages, and no multiple of the page sizes that are tried. */
export const ITEM_COUNT = 23

/** As many of something as a list has items. */
export function many<Item>(create: (index: number) => Item): readonly Item[] {
  return Array.from({ length: ITEM_COUNT }, (_, index) => create(index))
}

interface Keyed {
  readonly id: Id
}

/** Items that are told apart, and ordered, by their ids. */
export function itemsById<Record extends Keyed>(
  records: readonly Record[],
  insert: (tx: StoreTransaction, record: Record) => Promise<unknown>,
  remove: ((tx: StoreTransaction, record: Record) => Promise<void>) | null = null,
): readonly ListedItem[] {
  return records
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .map((record) => ({
      key: record.id,
      insert: (tx) => insert(tx, record),
      remove: remove === null ? null : (tx) => remove(tx, record),
    }))
}

/** A page whose items are told apart by their ids. */
export async function byId<Item extends Keyed>(page: Promise<Page<Item>>): Promise<KeyPage> {
  const { items, nextCursor } = await page
  return { keys: items.map(({ id }) => id), nextCursor }
}

/** Orders texts as [QRY-02] demands. */
export function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
