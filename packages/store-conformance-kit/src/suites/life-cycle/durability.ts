import { isUserEngineError, type UserEngineStore } from '@user-engine/store-protocol'
import { type CaseContext, type ConformanceCase, onlyDurable } from '../../case.ts'
import { ACME } from '../../records.ts'

export const DURABILITY_CASES: readonly ConformanceCase[] = [
  {
    id: 'LIF-03.acknowledged-commits-survive',
    tier: 'D1',
    rules: ['LIF-03', 'TXN-01', 'OBX-01'],
    title:
      'every commit that was acknowledged before the backend was killed is there afterwards, whole, with its event',
    notFor: onlyDurable,
    needs: ['backend'],
    timeoutMs: 90_000,
    run: (context) => showDurability(context),
  },
]

async function showDurability({ backend, open, check, make, note }: CaseContext): Promise<void> {
  const store = await open()
  const acknowledged: string[] = []
  const attempted: string[] = []
  let down = false
  const write = async () => {
    while (!down) {
      const { user, event, audit } = {
        user: make.user(),
        event: make.event(ACME.tenantId),
        audit: make.audit(ACME.tenantId),
      }
      attempted.push(user.id)
      const account = make.account(user.id)
      const commit = store.transact(
        ACME,
        (tx) => {
          void tx.users.insert(user)
          void tx.accounts.insert(account)
          void tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, account))
          void tx.audit.append({ ...audit, target: { type: 'user', id: user.id } })
          void tx.outbox.append({ ...event, aggregateId: user.id })
        },
        { timeoutMs: 3_000 },
      )
      await commit.then(
        () => acknowledged.push(user.id),
        () => {},
      )
    }
  }
  const writers = Promise.all([write(), write(), write(), write()])
  await check.eventually(
    async () => (acknowledged.length >= 40 ? true : undefined),
    'writers are at work',
    20_000,
  )
  await backend.kill()
  down = true
  await writers
  await backend.start()
  const fresh = await open()
  const found = await check.eventually(() => everythingOf(fresh), 'a new store reads everything', 20_000)
  const has = (set: ReadonlySet<string>) => (id: string) => set.has(id)
  check.equal(
    acknowledged.filter((id) => !found.users.has(id)),
    [],
    'acknowledged users that are lost',
  )
  check.equal(
    [...found.users].filter((id) => !has(new Set(attempted))(id)),
    [],
    'users nobody wrote',
  )
  check.equal(
    [...found.users].sort(),
    [...found.audited].sort(),
    'users without their audit record, or the other way round',
  )
  check.equal(
    [...found.users].sort(),
    [...found.announced].sort(),
    'users without their event, or the other way round',
  )
  check.ok(attempted.length > acknowledged.length, 'writes were under way when the backend was killed', [
    attempted.length,
    acknowledged.length,
  ])
  note(`${acknowledged.length} acknowledged of ${attempted.length} attempted`)
}

async function everythingOf(store: UserEngineStore) {
  const collect = async <Item>(
    list: (cursor: string | null) => Promise<{ items: readonly Item[]; nextCursor: string | null }>,
  ) => {
    const all: Item[] = []
    for (let cursor: string | null = null; ; ) {
      const page = await list(cursor)
      all.push(...page.items)
      if (page.nextCursor === null) return all
      cursor = page.nextCursor
    }
  }
  const page = (cursor: string | null) => ({ limit: 500, ...(cursor === null ? {} : { cursor }) })
  try {
    const users = await collect((cursor) => store.read(ACME, (reader) => reader.users.list(page(cursor))))
    const audit = await collect((cursor) =>
      store.read(ACME, (reader) => reader.audit.list({ page: page(cursor) })),
    )
    const events = await collect((cursor) =>
      store.read(ACME, (reader) => reader.outbox.list({ page: page(cursor) })),
    )
    return {
      users: new Set(users.map(({ id }) => id)),
      audited: new Set(audit.map(({ target }) => target.id)),
      announced: new Set(events.map(({ event }) => event.aggregateId)),
    }
  } catch (error) {
    if (isUserEngineError(error)) return undefined
    throw error
  }
}
