import {
  isUserEngineError,
  type Scope,
  type StoreTransaction,
  type User,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../case.ts'
import { findUnfrozen } from '../manifest-schema.ts'
import { ACME, PLATFORM } from '../records.ts'

export const SHAPE_CASES: readonly ConformanceCase[] = [
  {
    id: 'SHP-01.scope-is-an-argument',
    rules: ['SHP-01', 'TEN-05'],
    title: 'no unit of work runs without a well-formed scope',
    async run({ open, check, make }) {
      const store = await open()
      const scopes: unknown[] = [
        undefined,
        null,
        {},
        '',
        'acme',
        { platform: true },
        { platform: true, reason: '' },
      ]
      for (const scope of scopes) {
        let ran = false
        const work = () => {
          ran = true
        }
        const what = `scope ${JSON.stringify(scope)}`
        await check.rejects(() => store.read(scope as Scope, work), 'SCOPE_INVALID', `read with ${what}`)
        await check.rejects(
          () => store.transact(scope as Scope, work),
          'SCOPE_INVALID',
          `transact with ${what}`,
        )
        const denial = make.audit(null, { outcome: 'denied' })
        await check.rejects(
          () => store.recordDenial(scope as Scope, denial),
          'SCOPE_INVALID',
          `recordDenial with ${what}`,
        )
        check.ok(!ran, `the work does not run with ${what}`)
      }
    },
  },
  {
    id: 'SHP-02.three-styles-one-effect',
    rules: ['SHP-02', 'TXN-08'],
    title: 'awaited, un-awaited and handed over whole: the same unit of work has the same effect',
    run: (context) => showThreeStyles(context),
  },
  {
    id: 'SHP-02.whole-unit-fails-as-whole',
    rules: ['SHP-02', 'TXN-10', 'TXN-01'],
    title:
      'a unit of work that is handed over whole and fails in the middle leaves nothing and gives the typed error',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      const stale = { id: user.id, expectedVersion: 7, set: { displayName: 'x' }, updatedAt: make.instant() }
      const call = store.transact(ACME, (tx) => {
        void tx.audit.append(make.audit(ACME.tenantId))
        void tx.users.update(stale)
        void tx.outbox.append(make.event(ACME.tenantId))
        return tx.users.get(user.id)
      })
      const error = await check.rejects(call, 'VERSION_CONFLICT', 'the stale update decides the outcome')
      check.equal(
        error.data,
        { entity: 'user', id: user.id, expectedVersion: 7, currentVersion: 1 },
        'the error data',
      )
      const counts = await store.read(ACME, (reader) => reader.countRecords())
      check.equal(
        [counts['audit-record'], counts['outbox-event']],
        [0, 0],
        'neither record nor event remains',
      )
    },
  },
  {
    id: 'SHP-03.too-deep-is-refused',
    rules: ['SHP-03', 'TXN-05'],
    title: 'nesting beyond the manifest is refused with NOT_SUPPORTED',
    async run({ open, check, capabilities }) {
      const store = await open()
      const dive = async (tx: StoreTransaction, levels: number): Promise<void> => {
        if (levels > 0) await tx.transact((inner) => dive(inner, levels - 1))
      }
      const { maxNesting } = capabilities.transactions
      await store.transact(PLATFORM, (tx) => dive(tx, maxNesting))
      await check.rejects(
        store.transact(PLATFORM, (tx) => dive(tx, maxNesting + 1)),
        'NOT_SUPPORTED',
        `level ${maxNesting + 1} of ${maxNesting}`,
      )
    },
  },
  {
    id: 'SHP-04.manifest-does-not-change',
    rules: ['SHP-04'],
    title: 'the manifest is deeply frozen, equal on every instance, and the same after work and close',
    async run({ open, check, make }) {
      const [store, twin] = [await open(), await open()]
      const before = JSON.stringify(store.capabilities)
      check.equal(findUnfrozen(store.capabilities), null, 'nothing in the manifest can be changed')
      check.equal(JSON.stringify(twin.capabilities), before, 'a second instance has the same manifest')
      await make.addMember(store, ACME.tenantId)
      await store.close()
      check.equal(JSON.stringify(store.capabilities), before, 'the manifest after work and close')
    },
  },
  {
    id: 'SHP-05.errors-say-what-to-do',
    rules: ['SHP-05'],
    title: 'an error has a code, says whether to retry and what to do, and is safe to serialise',
    async run({ open, check, make }) {
      const store = await open()
      const change = { id: make.id(), expectedVersion: 1, set: {}, updatedAt: make.instant() }
      const error = await check.rejects(
        store.transact(PLATFORM, (tx) => tx.users.update(change).then(() => tx.users.get(change.id))),
        'NOT_FOUND',
        'an update of an unknown user',
      )
      check.ok(isUserEngineError(error, 'NOT_FOUND'), 'the brand is recognised')
      check.equal(error.retryable, false, 'retryable')
      check.ok(error.remedy.length > 0, 'a remedy is given')
      const json = JSON.parse(JSON.stringify(error)) as Record<string, unknown>
      check.equal(json['code'], 'NOT_FOUND', 'the code survives serialisation')
      check.equal(json['data'], { entity: 'user', id: change.id }, 'the data survives serialisation')
      check.ok(!('stack' in json) && !('cause' in json), 'neither stack nor cause are serialised')
    },
  },
  {
    id: 'SHP-06.input-is-not-kept',
    rules: ['SHP-06'],
    title: 'changing a record after it was handed over changes nothing in the store',
    async run({ open, check, make }) {
      const store = await open()
      const user = make.user()
      const given: { -readonly [Key in keyof User]: User[Key] } = { ...user }
      const payload = { list: [1], inner: { a: 1 } }
      const event = make.event(null, { payload })
      await store.transact(PLATFORM, async (tx) => {
        const written = tx.users.insert(given)
        const appended = tx.outbox.append(event)
        given.displayName = 'changed after the call'
        payload.list.push(2)
        payload.inner.a = 2
        await Promise.all([written, appended])
      })
      given.status = 'deactivated'
      check.equal(
        await store.read(PLATFORM, (reader) => reader.users.get(user.id)),
        user,
        'the user as it was handed over',
      )
      const { items } = await store.read(PLATFORM, (reader) => reader.outbox.list())
      check.equal(
        items[0]?.event.payload,
        { list: [1], inner: { a: 1 } },
        'the payload as it was handed over',
      )
    },
  },
  {
    id: 'SHP-06.output-is-not-kept',
    rules: ['SHP-06'],
    title: 'changing a record that was returned changes nothing in the store',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      const value = make.profileValue(user.id, { level: 'global' }, { list: [1], inner: { a: 1 } })
      await store.transact(ACME, (tx) => tx.profileValues.insert(value))
      const find = () => store.read(ACME, (reader) => reader.profileValues.find(value))
      const first = await find()
      scribble(first)
      scribble(first?.value)
      check.equal(await find(), value, 'the value as it was written')
    },
  },
]

async function showThreeStyles({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const styles: Record<string, (store: UserEngineStore, write: WriteUnit) => Promise<User | null>> = {
    awaited: (target, write) =>
      target.transact(ACME, async (tx) => {
        const { calls, userId } = write(tx, true)
        for (const call of calls) await call()
        return await tx.users.get(userId)
      }),
    'not awaited': (target, write) =>
      target.transact(ACME, async (tx) => {
        const { calls, userId } = write(tx, false)
        for (const call of calls) void call()
        return await tx.users.get(userId)
      }),
    whole: (target, write) =>
      target.transact(ACME, (tx) => {
        const { calls, userId } = write(tx, false)
        for (const call of calls) void call()
        return tx.users.get(userId)
      }),
  }
  for (const [style, run] of Object.entries(styles)) {
    const user = make.user()
    const account = make.account(user.id)
    const renamed = { id: user.id, expectedVersion: 1, set: { displayName: null }, updatedAt: make.instant() }
    const audit = make.audit(ACME.tenantId)
    const event = make.event(ACME.tenantId)
    const result = await run(store, (tx) => ({
      userId: user.id,
      calls: [
        () => tx.users.insert(user),
        () => tx.accounts.insert(account),
        () => tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, account)),
        () => tx.users.update(renamed),
        () => tx.audit.append(audit),
        () => tx.outbox.append(event),
      ],
    }))
    const expected = { ...user, displayName: null, version: 2, updatedAt: renamed.updatedAt }
    check.equal(result, expected, `${style}: the result of the unit`)
    check.equal(
      await store.read(ACME, (reader) => reader.users.get(user.id)),
      expected,
      `${style}: the user afterwards`,
    )
    check.equal(
      await store.read(ACME, (reader) => reader.audit.get(audit.id)),
      audit,
      `${style}: the audit record`,
    )
    const { items } = await store.read(ACME, (reader) => reader.outbox.list({ page: { limit: 500 } }))
    check.ok(
      items.some((entry) => entry.event.id === event.id),
      `${style}: the event`,
    )
  }
}

type WriteUnit = (
  tx: StoreTransaction,
  awaited: boolean,
) => { readonly calls: readonly (() => Promise<void>)[]; readonly userId: string }

// A frozen record refuses; a record of the caller's own takes it. Both are fine.
function scribble(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    try {
      Reflect.set(value, key, 'scribbled')
    } catch {
      // Frozen.
    }
  }
}
