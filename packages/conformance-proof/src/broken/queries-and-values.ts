import { changeReaders, changeTransactions, override } from '@user-engine/store-conformance-kit'
import type {
  JsonValue,
  Page,
  PageRequest,
  ProfileValue,
  User,
  UserEngineStore,
} from '@user-engine/store-protocol'
import { type BrokenStore, broken } from '../store-under-proof.ts'

/** A store whose lists of users are what `change` makes of them. */
function changeUserLists(
  store: UserEngineStore,
  change: (list: (page?: PageRequest) => Promise<Page<User>>, page?: PageRequest) => Promise<Page<User>>,
): UserEngineStore {
  return changeReaders(store, (reader) => ({
    users: override(reader.users, { list: (page) => change((asked) => reader.users.list(asked), page) }),
  }))
}

/** A store that keeps something else than the values it is given. */
function changeValues(store: UserEngineStore, change: (value: JsonValue) => JsonValue): UserEngineStore {
  const changed = (value: ProfileValue): ProfileValue => ({ ...value, value: change(value.value) })
  return changeTransactions(store, (tx) => ({
    profileValues: override(tx.profileValues, { insert: (value) => tx.profileValues.insert(changed(value)) }),
  }))
}

/** What is no JSON object stays as it is: to refuse it is the store's own matter. */
function isPlain(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  if (typeof value !== 'object' || value === null) return false
  return Object.getPrototypeOf(value) === Object.prototype && Object.getOwnPropertySymbols(value).length === 0
}

const mapText = (value: JsonValue, change: (text: string) => string): JsonValue => {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((member) => mapText(member, change))
  if (!isPlain(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, mapText(member as JsonValue, change)]),
  )
}

export const BROKEN_QUERIES: readonly BrokenStore[] = [
  broken('QRY-01', 'pages-by-offset', 'pages by how many items came before', (store) =>
    changeUserLists(store, async (list, page) => {
      const offset = Number(/^skip-(\d+)$/.exec(page?.cursor ?? '')?.[1] ?? 0)
      if (page?.cursor !== undefined && offset === 0) return await list(page)
      const { cursor: _, ...rest } = page ?? {}
      const limit = page?.limit ?? 50
      const all: User[] = []
      for (let next: string | null | undefined; next !== null; ) {
        const found: Page<User> = await list(
          next === undefined ? { limit: 500 } : { limit: 500, cursor: next },
        )
        all.push(...found.items)
        next = found.nextCursor
      }
      if (!(limit >= 1 && limit <= 500 && Number.isInteger(limit))) return await list(rest)
      const isLast = offset + limit >= all.length
      return {
        items: all.slice(offset, offset + limit),
        nextCursor: isLast ? null : `skip-${offset + limit}`,
      }
    }),
  ),
  broken('QRY-01', 'no-limit', 'takes any limit', (store) =>
    changeUserLists(store, (list, page) =>
      list(
        page?.limit === undefined
          ? page
          : { ...page, limit: Math.min(Math.max(1, Math.floor(page.limit) || 1), 500) },
      ),
    ),
  ),
  broken('QRY-01', 'last-item-lost', 'leaves out the last item of every full page', (store) =>
    changeUserLists(store, async (list, page) => {
      const found = await list(page)
      return found.nextCursor === null ? found : { ...found, items: found.items.slice(0, -1) }
    }),
  ),
  broken('QRY-02', 'order-of-people', 'orders roles as people of its locale would', (store) =>
    changeReaders(store, (reader) => ({
      memberships: override(reader.memberships, {
        listByTenantAccount: async (request) => {
          const page = await reader.memberships.listByTenantAccount(request)
          const items = page.items.toSorted((one, other) =>
            one.role.localeCompare(other.role, 'en', { numeric: true }),
          )
          return { ...page, items }
        },
      }),
    })),
  ),
  broken('QRY-02', 'order-of-changes', 'lists users in the order of their last changes', (store) =>
    changeUserLists(store, async (list, page) => {
      const found = await list(page)
      return {
        ...found,
        items: found.items.toSorted((one, other) => other.createdAt.localeCompare(one.createdAt)),
      }
    }),
  ),
  broken('QRY-03', 'counts-no-events', 'does not count events', (store) =>
    changeReaders(store, (reader) => ({
      countRecords: async () => ({ ...(await reader.countRecords()), 'outbox-event': 0 }),
    })),
  ),
]

export const BROKEN_VALUES: readonly BrokenStore[] = [
  broken('VAL-01', 'trims-values', 'trims texts in values', (store) =>
    changeValues(store, (value) => mapText(value, (text) => text.trim())),
  ),
  broken('VAL-01', 'rounds-numbers', 'keeps numbers with six digits', (store) =>
    changeValues(store, (value) =>
      Array.isArray(value)
        ? value.map((member) =>
            typeof member === 'number' && Number.isFinite(member) ? Number(member.toPrecision(6)) : member,
          )
        : value,
    ),
  ),
  broken('VAL-01', 'normalises-values', 'keeps texts in values in one normal form', (store) =>
    changeValues(store, (value) => mapText(value, (text) => text.normalize('NFC'))),
  ),
  broken('VAL-02', 'cleans-values', 'makes JSON of whatever it is given', (store) =>
    changeValues(store, (value) => {
      try {
        return JSON.parse(JSON.stringify(value) ?? 'null') as JsonValue
      } catch {
        return value
      }
    }),
  ),
  broken('VAL-02', 'drops-nul', 'drops the character that it cannot keep', (store) =>
    changeValues(store, (value) => mapText(value, (text) => text.replaceAll('\u0000', ''))),
  ),
  broken('VAL-03', 'null-is-absent', 'cannot tell the value null from no value', (store) =>
    changeReaders(store, (reader) => ({
      profileValues: override(reader.profileValues, {
        find: async (key) => {
          const found = await reader.profileValues.find(key)
          return found?.value === null ? null : found
        },
      }),
    })),
  ),
  broken('VAL-04', 'whole-seconds', 'keeps instants to the second', (store) =>
    changeTransactions(store, (tx) => ({
      users: override(tx.users, {
        insert: (user) =>
          tx.users.insert(
            typeof user.createdAt === 'string'
              ? { ...user, createdAt: user.createdAt.replace(/\.\d{3}Z$/, '.000Z') }
              : user,
          ),
      }),
    })),
  ),
  broken('VAL-04', 'no-time-before-1970', 'cannot keep what was before 1970', (store) =>
    changeTransactions(store, (tx) => ({
      audit: override(tx.audit, {
        append: (record) =>
          tx.audit.append(
            record.occurredAt < '1970' ? { ...record, occurredAt: '1970-01-01T00:00:00.000Z' } : record,
          ),
      }),
    })),
  ),
]
