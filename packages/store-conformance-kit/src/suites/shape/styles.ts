import type { StoreTransaction, User, UserEngineStore } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ACME } from '../../records.ts'

export const STYLE_CASES: readonly ConformanceCase[] = [
  {
    id: 'SHP-02.three-styles-one-effect',
    rules: ['SHP-02', 'TXN-08'],
    title: 'awaited, un-awaited and handed over whole: the same unit of work has the same effect',
    run: (context) => showThreeStyles(context),
  },
  {
    id: 'SHP-02.result-is-the-own-read',
    rules: ['SHP-02', 'TXN-08'],
    title:
      'a read that is handed over among writes gives what held where it was called, and the writes after it count',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      const [first, second] = [
        make.update(user.id, 1, { displayName: 'first' }),
        make.update(user.id, 2, { displayName: 'second' }),
      ]
      const seen = await store.transact(ACME, (tx) => {
        void tx.users.update(first)
        const between = tx.users.get(user.id)
        void tx.users.update(second)
        return between
      })
      const between = { ...user, displayName: 'first', version: 2, updatedAt: first.updatedAt }
      check.equal(seen, between, 'the result: the user between the two changes')
      const after = await store.read(ACME, (reader) => reader.users.get(user.id))
      check.equal(
        after,
        { ...between, displayName: 'second', version: 3, updatedAt: second.updatedAt },
        'the user afterwards',
      )
    },
  },
  {
    id: 'SHP-02.whole-unit-fails-as-whole',
    rules: ['SHP-02', 'TXN-10', 'TXN-01'],
    title:
      'a unit of work that is handed over whole and fails in the middle leaves nothing and gives the typed error',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      const stale = make.update(user.id, 7, { displayName: 'x' })
      const write = (tx: StoreTransaction) => {
        void tx.audit.append(make.audit(ACME.tenantId))
        void tx.users.update(stale)
        void tx.outbox.append(make.event(ACME.tenantId))
      }
      const styles: Record<string, (tx: StoreTransaction) => unknown> = {
        'with a read as its result': (tx) => {
          write(tx)
          return tx.users.get(user.id)
        },
        'with a value as its result': (tx) => {
          write(tx)
          return 'a value'
        },
        'with a write as its result': (tx) => {
          write(tx)
          return tx.audit.append(make.audit(ACME.tenantId))
        },
        'by an async function': async (tx) => {
          write(tx)
          await Promise.resolve()
        },
      }
      for (const [style, work] of Object.entries(styles)) {
        const error = await check.rejects(
          store.transact(ACME, (tx) => work(tx)),
          'VERSION_CONFLICT',
          `the outcome ${style}: what failed first`,
        )
        check.equal(
          error.data,
          { entity: 'user', id: user.id, expectedVersion: 7, currentVersion: 1 },
          `the error data ${style}`,
        )
        const counts = await store.read(ACME, (reader) => reader.countRecords())
        check.equal(
          [counts['audit-record'], counts['outbox-event']],
          [0, 0],
          `audit records and events that remain ${style}`,
        )
      }
    },
  },
]

type Style = (
  store: UserEngineStore,
  calls: (tx: StoreTransaction) => readonly (() => Promise<void>)[],
  userId: string,
) => Promise<User | null>

const STYLES: { readonly [style: string]: Style } = {
  awaited: (store, calls, userId) =>
    store.transact(ACME, async (tx) => {
      for (const call of calls(tx)) await call()
      return await tx.users.get(userId)
    }),
  'not awaited': (store, calls, userId) =>
    store.transact(ACME, async (tx) => {
      for (const call of calls(tx)) void call()
      return await tx.users.get(userId)
    }),
  'handed over whole': (store, calls, userId) =>
    store.transact(ACME, (tx) => {
      for (const call of calls(tx)) void call()
      return tx.users.get(userId)
    }),
  'handed over whole in a nested transaction': (store, calls, userId) =>
    store.transact(ACME, (tx) =>
      tx.transact((nested) => {
        for (const call of calls(nested)) void call()
        return nested.users.get(userId)
      }),
    ),
  'awaited together': (store, calls, userId) =>
    store.transact(ACME, async (tx) => {
      await Promise.all(calls(tx).map((call) => call()))
      return await tx.users.get(userId)
    }),
}

async function showThreeStyles({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  for (const [style, run] of Object.entries(STYLES)) {
    const { user, account, tenantAccount } = make.member(ACME.tenantId)
    const [kept, dropped] = [make.identity(user.id), make.identity(user.id)]
    const renamed = make.update(user.id, 1, { displayName: null })
    const audits = [make.audit(ACME.tenantId), make.audit(ACME.tenantId)]
    const event = make.event(ACME.tenantId)
    const result = await run(
      store,
      (tx) => [
        () => tx.users.insert(user),
        () => tx.accounts.insert(account),
        () => tx.tenantAccounts.insert(tenantAccount),
        () => tx.externalIdentities.insert(kept),
        () => tx.externalIdentities.insert(dropped),
        () => tx.users.update(renamed),
        () => tx.externalIdentities.delete({ id: dropped.id, expectedVersion: 1 }),
        ...audits.map((audit) => () => tx.audit.append(audit)),
        () => tx.outbox.append(event),
      ],
      user.id,
    )
    const expected = { ...user, displayName: null, version: 2, updatedAt: renamed.updatedAt }
    check.equal(result, expected, `${style}: the result of the unit`)
    await store.read(ACME, async (reader) => {
      check.equal(await reader.users.get(user.id), expected, `${style}: the user afterwards`)
      check.equal(await reader.accounts.get(account.id), account, `${style}: the account`)
      const identities = await reader.externalIdentities.listByUser({ userId: user.id })
      check.equal(identities.items, [kept], `${style}: the identities`)
      const { items } = await reader.audit.list({ order: 'newest-first', page: { limit: 2 } })
      check.equal(items, audits.toReversed(), `${style}: the audit records`)
      const log = await reader.outbox.list({ page: { limit: 500 } })
      check.equal(log.items.at(-1)?.event, event, `${style}: the event`)
    })
  }
}
