import type { UserEngineStore } from '@user-engine/store-protocol'
import { ACME } from '../../records.ts'

/** Who was inserted, who is in the audit log, and about whom there is an event. */
export interface Collected {
  readonly users: ReadonlySet<string>
  readonly audited: ReadonlySet<string>
  readonly announced: ReadonlySet<string>
}

interface Listed<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}

/** Reads the users, the audit log and the outbox of the tenant to their ends. */
export async function collect(store: UserEngineStore): Promise<Collected> {
  const page = (cursor: string | null) => ({ limit: 500, ...(cursor === null ? {} : { cursor }) })
  const users = await readAll((cursor) => store.read(ACME, (reader) => reader.users.list(page(cursor))))
  const audit = await readAll((cursor) =>
    store.read(ACME, (reader) => reader.audit.list({ page: page(cursor) })),
  )
  const events = await readAll((cursor) =>
    store.read(ACME, (reader) => reader.outbox.list({ page: page(cursor) })),
  )
  return {
    users: new Set(users.map(({ id }) => id)),
    audited: new Set(audit.map(({ target }) => target.id)),
    announced: new Set(events.map(({ event }) => event.aggregateId)),
  }
}

/** Ids that are in some of the three places and not in all of them. */
export function findHalves({ users, audited, announced }: Collected): readonly string[] {
  return [...new Set([...users, ...audited, ...announced])].filter(
    (id) => !(users.has(id) && audited.has(id) && announced.has(id)),
  )
}

async function readAll<Item>(
  list: (cursor: string | null) => Promise<Listed<Item>>,
): Promise<readonly Item[]> {
  const all: Item[] = []
  for (let cursor: string | null = null; ; ) {
    const { items, nextCursor }: Listed<Item> = await list(cursor)
    all.push(...items)
    if (nextCursor === null) return all
    cursor = nextCursor
  }
}
