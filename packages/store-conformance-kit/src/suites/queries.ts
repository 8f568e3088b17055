import { ENTITY_KINDS, type PageRequest } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../case.ts'
import { ACME, PLATFORM } from '../records.ts'
import { LISTS, type ListUnderTest } from './lists.ts'

export const QUERY_CASES: readonly ConformanceCase[] = [
  ...LISTS.map(
    (list): ConformanceCase => ({
      id: `QRY-01.pages-of-${list.name}`,
      rules: ['QRY-01', 'QRY-02'],
      title: `${list.name}: stated order, every page size, complete and without repeats while others write`,
      run: (context) => showPages(context, list),
    }),
  ),
  {
    id: 'QRY-01.limits-and-cursors-are-checked',
    rules: ['QRY-01'],
    title:
      'a limit outside of 1 to 500 is VALIDATION; a cursor of another list, or none at all, is CURSOR_INVALID',
    async run({ open, check, make }) {
      const store = await open()
      const members = [await make.addMember(store, ACME.tenantId), await make.addMember(store, ACME.tenantId)]
      const list = (page: PageRequest) => store.read(ACME, (reader) => reader.users.list(page))
      for (const limit of [0, -1, 501, 1.5, Number.NaN]) {
        await check.rejects(list({ limit }), 'VALIDATION', `limit ${limit}`)
      }
      check.equal((await list({ limit: 500 })).items.length, 2, 'limit 500')
      const { nextCursor } = await store.read(ACME, (reader) => reader.tenantAccounts.list({ limit: 1 }))
      check.ok(nextCursor !== null, 'the first of two tenant accounts has a next page')
      const userId = members[0]?.user.id ?? ''
      const otherId = members[1]?.user.id ?? ''
      await store.transact(ACME, (tx) => {
        for (let index = 0; index < 2; index++) void tx.externalIdentities.insert(make.identity(userId))
      })
      const identities = await store.read(ACME, (reader) =>
        reader.externalIdentities.listByUser({ userId, page: { limit: 1 } }),
      )
      const foreign = { limit: 1, cursor: identities.nextCursor ?? '' }
      const ofOther = store.read(ACME, (reader) =>
        reader.externalIdentities.listByUser({ userId: otherId, page: foreign }),
      )
      await check.rejects(ofOther, 'CURSOR_INVALID', 'a cursor of the same list with another filter')
      for (const cursor of [nextCursor ?? '', 'garbage', '%%%', Buffer.from('[]').toString('base64url')]) {
        await check.rejects(list({ cursor }), 'CURSOR_INVALID', `cursor ${cursor.slice(0, 12)}`)
      }
      await check.rejects(list({ cursor: '' }), ['VALIDATION', 'CURSOR_INVALID'], 'an empty cursor')
    },
  },
  {
    id: 'QRY-01.malformed-arguments-are-refused',
    rules: ['QRY-01', 'VAL-02'],
    title: 'ids and keys that cannot exist are VALIDATION, not a miss and not an error of the backend',
    async run({ open, check, make }) {
      const store = await open()
      const bad = ['', 'no-id', make.id().toUpperCase(), `${make.id()} `, "'; --"]
      for (const id of bad) {
        const what = JSON.stringify(id)
        await check.rejects(
          store.read(ACME, (reader) => reader.users.get(id)),
          'VALIDATION',
          `users.get(${what})`,
        )
        await check.rejects(
          store.read(ACME, (reader) => reader.tenantAccounts.findByAccount(id)),
          'VALIDATION',
          `findByAccount(${what})`,
        )
        await check.rejects(
          store.read(ACME, (reader) => reader.audit.get(id)),
          'VALIDATION',
          `audit.get(${what})`,
        )
        await check.rejects(
          store.read(ACME, (reader) => reader.accounts.listByUser({ userId: id })),
          'VALIDATION',
          `listByUser(${what})`,
        )
        await check.rejects(
          store.read(ACME, (reader) => reader.applications.get(id)),
          'VALIDATION',
          `applications.get(${what})`,
        )
      }
      const key = { issuer: '', subject: 'x' }
      await check.rejects(
        store.read(ACME, (reader) => reader.externalIdentities.resolve(key)),
        'VALIDATION',
        'an empty issuer',
      )
      await check.rejects(
        store.read(ACME, (reader) => reader.applications.findByKey('No Key')),
        'VALIDATION',
        'no key',
      )
    },
  },
  {
    id: 'QRY-03.counts-by-kind',
    rules: ['QRY-03'],
    title: 'record counts by kind are exact, and follow inserts and deletes',
    async run({ open, check, make }) {
      const store = await open()
      const zero = await store.read(ACME, (reader) => reader.countRecords())
      check.equal(Object.keys(zero).sort(), [...ENTITY_KINDS].sort(), 'the kinds that are counted')
      check.equal(new Set(Object.values(zero)), new Set([0]), 'counts of an empty store')
      const { user, tenantAccount } = await make.addMember(store, ACME.tenantId)
      const membership = make.membership(tenantAccount)
      await store.transact(ACME, async (tx) => {
        await tx.memberships.insert(membership)
        await tx.memberships.insert(make.membership(tenantAccount))
        await tx.profileValues.insert(make.profileValue(user.id, { level: 'global' }, 1))
        await tx.profileValues.insert(make.profileValue(user.id, { level: 'tenant', ...ACME }, 1))
        await tx.audit.append(make.audit(ACME.tenantId))
      })
      await store.transact(ACME, (tx) => tx.memberships.delete({ id: membership.id, expectedVersion: 1 }))
      const counts = await store.read(ACME, (reader) => reader.countRecords())
      const expected = {
        user: 1,
        account: 1,
        'tenant-account': 1,
        membership: 1,
        'profile-value': 2,
        'audit-record': 1,
      }
      check.equal(counts, { ...zero, ...expected }, 'counts of the tenant')
      const platform = await store.read(PLATFORM, (reader) => reader.countRecords())
      check.equal(platform, { ...zero, user: 1, account: 1, 'profile-value': 1 }, 'counts of the platform')
    },
  },
  {
    id: 'QRY-03.pending-outbox',
    rules: ['QRY-03', 'OBX-09'],
    title: 'the outbox of a scope is readable by state: pending, delivered, dead',
    async run({ open, check, make }) {
      const store = await open()
      const events = Array.from({ length: 4 }, () => make.event(ACME.tenantId))
      await store.transact(ACME, (tx) => {
        for (const event of events) void tx.outbox.append(event)
      })
      const [delivered, dead, leased, waiting] = events
      const { token } = await store.outbox.claim({ consumer: 'kit', limit: 3, leaseMs: 60_000 })
      await store.outbox.ack({ token, eventIds: [delivered?.id ?? ''] })
      await store.outbox.deadLetter({ token, eventIds: [dead?.id ?? ''], reason: 'never' })
      const list = async (state?: 'pending' | 'delivered' | 'dead') => {
        const page = await store.read(ACME, (reader) =>
          reader.outbox.list(state === undefined ? {} : { state }),
        )
        return page.items.map((entry) => [entry.event.id, entry.state, entry.attempts])
      }
      const rows = [
        [delivered?.id, 'delivered', null],
        [dead?.id, 'dead', 1],
        [leased?.id, 'pending', 1],
        [waiting?.id, 'pending', 0],
      ]
      check.equal(await list(), rows, 'all states')
      check.equal(await list('delivered'), rows.slice(0, 1), 'delivered')
      check.equal(await list('dead'), rows.slice(1, 2), 'dead')
      check.equal(await list('pending'), rows.slice(2), 'pending')
    },
  },
]

async function showPages({ open, check, make, random }: CaseContext, list: ListUnderTest): Promise<void> {
  const store = await open()
  const prepared = await list.prepare(store, make, random)
  const { expected } = prepared
  for (const limit of [1, 2, 7, 500]) {
    const found: string[] = []
    for (let page: PageRequest = { limit }; ; ) {
      const { items, nextCursor } = await store.read(list.scope, (reader) => prepared.list(reader, page))
      check.ok(items.length <= limit, `at most ${limit} items a page`, items.length)
      found.push(...items.map((item) => prepared.idOf(item as never)))
      if (nextCursor === null) break
      check.equal(items.length, limit, 'a page that is followed by another is full')
      page = { limit, cursor: nextCursor }
    }
    check.equal(found, expected, `the items in order, ${limit} a page`)
  }
  const seen: string[] = []
  for (let page: PageRequest = { limit: 4 }; ; ) {
    const { items, nextCursor } = await store.read(list.scope, (reader) => prepared.list(reader, page))
    seen.push(...items.map((item) => prepared.idOf(item as never)))
    if (nextCursor === null) break
    await prepared.addAnother()
    page = { limit: 4, cursor: nextCursor }
  }
  check.equal(new Set(seen).size, seen.length, 'no item twice while others write')
  check.equal(
    expected.filter((id) => !seen.includes(id)),
    [],
    'no item missed while others write',
  )
}
