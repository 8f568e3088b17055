import { MAX_PAGE_LIMIT, type Page, type PageRequest } from '@user-engine/store-protocol'

/** Reads a list to its end, for what is limited by nature: everything of one user. Nearly always that is one page. */
export async function readAllPages<Item>(
  readPage: (page: PageRequest) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const first = await readPage({ limit: MAX_PAGE_LIMIT })
  if (first.nextCursor === null) return first.items
  const items = [...first.items]
  let cursor: string | null = first.nextCursor
  while (cursor !== null) {
    const next: Page<Item> = await readPage({ limit: MAX_PAGE_LIMIT, cursor })
    items.push(...next.items)
    cursor = next.nextCursor
  }
  return items
}
