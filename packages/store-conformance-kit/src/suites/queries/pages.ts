import type { StoreReader, UserEngineStore } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { shuffle } from '../../random.ts'
import type { ListedItem, ListUnderTest, PreparedList } from './listed-item.ts'
import { LISTS } from './lists.ts'

/** Every list three times: as it stands, while others write, and inside the transaction that writes. */
export const PAGE_CASES: readonly ConformanceCase[] = LISTS.flatMap((list): readonly ConformanceCase[] => [
  {
    id: `QRY-02.order-of-${list.name}`,
    rules: ['QRY-02', 'QRY-01'],
    title: `${list.name}: in the stated order, complete, and without anything else, whatever the size of the pages`,
    run: (context) => showOrder(context, list),
  },
  {
    id: `QRY-01.pages-of-${list.name}-while-others-write`,
    rules: ['QRY-01', 'QRY-02'],
    title: `${list.name}: what is there all the time is on exactly one page while others insert and delete`,
    run: (context) => showPagesUnderWrites(context, list),
  },
  ...(list.scope === list.writtenIn
    ? [
        {
          id: `QRY-01.pages-of-${list.name}-within-a-transaction`,
          rules: ['QRY-01', 'QRY-02', 'TXN-06'],
          title: `${list.name}: pages inside a transaction hold its own inserts and deletes in their places`,
          run: (context) => showPagesOfOwnWrites(context, list),
        } satisfies ConformanceCase,
      ]
    : []),
])

/** All keys, page by page. */
async function readAll(
  { check }: Pick<CaseContext, 'check'>,
  read: (page: { readonly limit: number; readonly cursor?: string }) => ReturnType<PreparedList['list']>,
  limit: number,
): Promise<readonly string[]> {
  const found: string[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const { keys, nextCursor } = await read(cursor === undefined ? { limit } : { limit, cursor })
    found.push(...keys)
    if (nextCursor === null) check.ok(keys.length <= limit, 'the last page is not too long', keys.length)
    else check.equal(keys.length, limit, 'a page that is followed by another is full')
    cursor = nextCursor
  }
  return found
}

/** Writes items a few at a time, in an order that is not that of the list, unless the list is in the order of writes. */
async function writeAll(
  { random }: Pick<CaseContext, 'random'>,
  {
    store,
    list,
    items,
  }: { readonly store: UserEngineStore; readonly list: ListUnderTest; readonly items: readonly ListedItem[] },
): Promise<void> {
  const rest =
    list.orderedBy === 'key'
      ? shuffle(items, random)
      : list.orderedBy === 'commit'
        ? [...items]
        : items.toReversed()
  while (rest.length > 0) {
    const batch = rest.splice(0, 1 + Math.floor(random() * 4))
    await store.transact(list.writtenIn, (tx) => {
      for (const item of batch) void item.insert(tx)
    })
  }
}

const keysOf = (items: readonly ListedItem[]) => items.map(({ key }) => key)

async function showOrder(context: CaseContext, list: ListUnderTest): Promise<void> {
  const { open, check, make } = context
  const store = await open()
  const prepared = await list.prepare(store, make)
  const { items } = prepared
  const read = (page: { readonly limit: number }) =>
    store.read(list.scope, (reader) => prepared.list(reader, page))
  check.equal(await read({ limit: 2 }), { keys: [], nextCursor: null }, 'the list before anything is in it')
  await writeAll(context, { store, list, items })
  const expected = keysOf(items)
  for (const limit of [1, 2, 7, items.length - 1, items.length, items.length + 1, 500])
    check.equal(await readAll(context, read, limit), expected, `the items in order, ${limit} a page`)
  const whole = await read({ limit: items.length })
  check.equal(whole.nextCursor, null, 'the cursor after a page that holds exactly everything')
  const inOneRead = await store.read(list.scope, (reader) =>
    readAll(context, (page) => prepared.list(reader, page), 5),
  )
  check.equal(inOneRead, expected, 'the items in order, page by page within one read')
}

async function showPagesUnderWrites(context: CaseContext, list: ListUnderTest): Promise<void> {
  const { open, check, make, random } = context
  const store = await open()
  const prepared = await list.prepare(store, make)
  const { items } = prepared
  const isLog = list.orderedBy !== 'key'
  // Of a log only what comes later can be added meanwhile; that is what its descending order begins with.
  const isEarly = (index: number) =>
    list.orderedBy === 'commit-descending' ? index >= items.length / 2 : index < items.length / 2
  const present = items.filter((_, index) => (isLog ? isEarly(index) : index % 2 === 0))
  const waiting = items.filter((item) => !present.includes(item))
  await writeAll(context, { store, list, items: present })
  const additions = list.orderedBy === 'commit-descending' ? waiting.toReversed() : waiting
  const queue = isLog ? [...additions] : shuffle(additions, random)
  const removable = shuffle(
    present.filter(({ remove }) => remove !== null),
    random,
  )
  const removed = new Set<string>()
  const found: string[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = cursor === undefined ? { limit: 3 } : { limit: 3, cursor }
    const { keys, nextCursor } = await store.read(list.scope, (reader) => prepared.list(reader, page))
    found.push(...keys)
    cursor = nextCursor
    const added = queue.splice(0, 2)
    const gone = removable.splice(0, 1)
    await store.transact(list.writtenIn, (tx) => {
      for (const item of added) void item.insert(tx)
      for (const item of gone) void item.remove?.(tx)
    })
    for (const { key } of gone) removed.add(key)
  }
  check.equal(found.length, new Set(found).size, 'items that were found: none twice')
  const always = keysOf(present).filter((key) => !removed.has(key))
  check.equal(
    always.filter((key) => !found.includes(key)),
    [],
    'items that were there all the time and were missed',
  )
  const rank = new Map(keysOf(items).map((key, index) => [key, index]))
  check.equal(
    found,
    found.toSorted((one, other) => (rank.get(one) ?? -1) - (rank.get(other) ?? -1)),
    'the order across pages',
  )
}

async function showPagesOfOwnWrites(context: CaseContext, list: ListUnderTest): Promise<void> {
  const { openAll, check, make } = context
  const stores = await openAll()
  const [store] = stores
  // Where there are two, so that neither needs more than one connection.
  const others = stores.at(-1) ?? store
  const prepared = await list.prepare(store, make)
  const { items } = prepared
  const half = Math.floor(items.length / 2)
  const isCommitted = {
    key: (index: number) => index % 3 !== 1,
    commit: (index: number) => index < half,
    'commit-descending': (index: number) => index >= half,
  }[list.orderedBy]
  const committed = items.filter((_, index) => isCommitted(index))
  const own = items.filter((item) => !committed.includes(item))
  await writeAll(context, { store, list, items: committed })
  const deleted = committed.filter(({ remove }, index) => remove !== null && index % 4 === 1)
  const expected = keysOf(items.filter((item) => !deleted.includes(item)))
  const readPages = (reader: StoreReader, limit: number) =>
    readAll(context, (page) => prepared.list(reader, page), limit)
  await store.transact(list.scope, async (tx) => {
    check.equal(await readPages(tx, 4), keysOf(committed), 'before it has written anything')
    for (const item of list.orderedBy === 'commit-descending' ? own.toReversed() : own) void item.insert(tx)
    for (const item of deleted) void item.remove?.(tx)
    for (const limit of [1, 4, expected.length, 500])
      check.equal(await readPages(tx, limit), expected, `with its own writes, ${limit} a page`)
    await tx.transact(async (nested) => {
      check.equal(await readPages(nested, 4), expected, 'within a nested transaction')
    })
    const outside = await others.read(list.scope, (reader) => readPages(reader, 500))
    check.equal(outside, keysOf(committed), 'what others see meanwhile')
  })
  const after = await store.read(list.scope, (reader) => readPages(reader, 4))
  check.equal(after, expected, 'after the commit')
}
