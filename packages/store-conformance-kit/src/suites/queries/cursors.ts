import {
  DEFAULT_PAGE_LIMIT,
  type PageRequest,
  type Scope,
  type StoreReader,
} from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ACME } from '../../records.ts'
import type { PreparedList } from './listed-item.ts'
import { LISTS } from './lists.ts'

export const CURSOR_CASES: readonly ConformanceCase[] = [
  {
    id: 'QRY-01.limits-are-checked',
    rules: ['QRY-01', 'VAL-02'],
    title:
      'for every list a limit outside of 1 to 500 and an unknown page field are VALIDATION, and the default is 50',
    async run({ open, check, make }) {
      const store = await open()
      for (const { name, scope, prepare } of LISTS) {
        const prepared = await prepare(store, make)
        const read = (page: PageRequest) => store.read(scope, (reader) => prepared.list(reader, page))
        for (const limit of [0, -1, 501, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
          await check.rejects(read({ limit }), 'VALIDATION', `${name} with limit ${limit}`)
        for (const page of [{ limit: '5' }, { limit: null }, { cursor: 7 }, { offset: 3 }])
          await check.rejects(read(page as PageRequest), 'VALIDATION', `${name} with ${JSON.stringify(page)}`)
      }
      const users = Array.from({ length: DEFAULT_PAGE_LIMIT + 1 }, () => make.member(ACME.tenantId))
      await store.transact(ACME, (tx) => {
        for (const { user, account, tenantAccount } of users) {
          void tx.users.insert(user)
          void tx.accounts.insert(account)
          void tx.tenantAccounts.insert(tenantAccount)
        }
      })
      const first = await store.read(ACME, (reader) => reader.tenantAccounts.list())
      check.equal(
        [first.items.length, first.nextCursor === null],
        [DEFAULT_PAGE_LIMIT, false],
        'a page without limit',
      )
    },
  },
  {
    id: 'QRY-01.cursors-belong-to-their-list',
    rules: ['QRY-01'],
    title: 'a cursor of another list, or of the same list with another filter, is CURSOR_INVALID',
    timeoutMs: 60_000,
    run: (context) => showForeignCursors(context),
  },
  {
    id: 'QRY-01.cursors-are-checked',
    rules: ['QRY-01', 'DIA-02'],
    title: 'for every list what is no cursor is CURSOR_INVALID, and not an error of the backend',
    async run({ open, check, make }) {
      const store = await open()
      const base64url = (text: string) => Buffer.from(text).toString('base64url')
      const garbage = [
        'garbage',
        '%%%',
        "'; DROP TABLE users; --",
        '0',
        make.id(),
        base64url('[]'),
        base64url('null'),
        base64url('{"a":1}'),
        base64url('["users",null]'),
        base64url('"\\u0000"'),
        'é'.repeat(20),
        'x'.repeat(4_096),
      ]
      for (const { name, scope, prepare } of LISTS) {
        const prepared = await prepare(store, make)
        for (const cursor of garbage) {
          const call = store.read(scope, (reader) => prepared.list(reader, { cursor }))
          await check.rejects(call, 'CURSOR_INVALID', `${name} with cursor ${cursor.slice(0, 24)}`)
        }
        for (const cursor of ['', 'x'.repeat(4_097)]) {
          const call = store.read(scope, (reader) => prepared.list(reader, { cursor }))
          const codes = ['VALIDATION', 'CURSOR_INVALID'] as const
          await check.rejects(call, codes, `${name} with a cursor of ${cursor.length} characters`)
        }
      }
    },
  },
  {
    id: 'QRY-01.cursors-outlive-their-read',
    rules: ['QRY-01', 'LIF-01'],
    title: 'a cursor is good in a later read, in a transaction, on another instance, and more than once',
    async run({ openAll, check, make }) {
      const stores = await openAll()
      const [store] = stores
      const ids: string[] = []
      for (let index = 0; index < 5; index++) ids.push((await make.addMember(store, ACME.tenantId)).user.id)
      const first = await store.read(ACME, (reader) => reader.users.list({ limit: 2 }))
      const page = { limit: 2, cursor: first.nextCursor ?? '' }
      for (const [index, other] of stores.entries()) {
        for (let repeat = 0; repeat < 2; repeat++) {
          const read = await other.read(ACME, (reader) => reader.users.list(page))
          const inside = await other.transact(ACME, (tx) => tx.users.list(page))
          for (const { items } of [read, inside])
            check.equal(
              items.map(({ id }) => id),
              ids.slice(2, 4),
              `the second page on instance ${index + 1}`,
            )
        }
      }
    },
  },
]

interface OpenedList {
  readonly name: string
  readonly scope: Scope
  readonly prepared: PreparedList
  readonly cursor: string
}

async function showForeignCursors({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const opened: OpenedList[] = []
  for (const { name, scope, writtenIn, prepare } of LISTS) {
    const prepared = await prepare(store, make)
    await store.transact(writtenIn, (tx) => {
      for (const item of prepared.items.slice(0, 4)) void item.insert(tx)
    })
    const { nextCursor } = await store.read(scope, (reader: StoreReader) =>
      prepared.list(reader, { limit: 1 }),
    )
    check.ok(nextCursor !== null, `the first page of ${name} is followed by another`)
    opened.push({ name, scope, prepared, cursor: nextCursor ?? '' })
  }
  for (const of of opened) {
    for (const into of opened) {
      // The same list in another scope is another matter: see the tenant boundary.
      if (of.name === into.name || isSameList(of.name, into.name)) continue
      const page = { limit: 1, cursor: of.cursor }
      const call = store.read(into.scope, (reader) => into.prepared.list(reader, page))
      await check.rejects(call, 'CURSOR_INVALID', `a cursor of ${of.name} for ${into.name}`)
    }
  }
}

const FAMILIES = [
  ['users', 'users-of-a-tenant'],
  ['audit-records', 'audit-records-of-the-platform'],
  ['outbox-events', 'outbox-events-of-the-platform'],
]

/** Whether two are the same list with the same filters, read in different scopes. */
function isSameList(one: string, other: string): boolean {
  return FAMILIES.some((family) => family.includes(one) && family.includes(other))
}
