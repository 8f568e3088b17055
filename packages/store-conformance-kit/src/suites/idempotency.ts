import type { Idempotency, User, UserEngineStore } from '@user-engine/store-protocol'
import { type ConformanceCase, onlyShared } from '../case.ts'
import { ACME, OTHER, PLATFORM, type RecordMaker } from '../records.ts'

class Boom extends Error {}

export const IDEMPOTENCY_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-04.same-key-returns-the-first-result',
    rules: ['TXN-04'],
    title: 'a repeated key returns the first result and does the work once, whatever style of work',
    async run({ open, check, make }) {
      const store = await open()
      const styles: Record<string, (user: User, idempotency: Idempotency) => Promise<unknown>> = {
        'plain value': (user, idempotency) =>
          store.transact(
            PLATFORM,
            (tx) => {
              void tx.users.insert(user)
              void tx.outbox.append(make.event(null))
              return { id: user.id, nested: [null, { a: 1 }] }
            },
            { idempotency },
          ),
        'own read': (user, idempotency) =>
          store.transact(
            PLATFORM,
            (tx) => {
              void tx.users.insert(user)
              void tx.outbox.append(make.event(null))
              return tx.users.get(user.id)
            },
            { idempotency },
          ),
        'async work': (user, idempotency) =>
          store.transact(
            PLATFORM,
            async (tx) => {
              await tx.users.insert(user)
              await tx.outbox.append(make.event(null))
              return await tx.users.get(user.id)
            },
            { idempotency },
          ),
        'no result': async (user, idempotency) =>
          (await store.transact(
            PLATFORM,
            async (tx) => {
              await tx.users.insert(user)
              await tx.outbox.append(make.event(null))
            },
            { idempotency },
          )) ?? null,
      }
      for (const [style, run] of Object.entries(styles)) {
        const before = await store.read(PLATFORM, (reader) => reader.countRecords())
        const idempotency = { key: `key of ${style}`, fingerprint: 'f' }
        const first = await run(make.user(), idempotency)
        const again = await run(make.user(), idempotency)
        check.equal(again, first, `${style}: the second result`)
        const after = await store.read(PLATFORM, (reader) => reader.countRecords())
        check.equal(after.user - before.user, 1, `${style}: users that were inserted`)
        check.equal(after['outbox-event'] - before['outbox-event'], 1, `${style}: events that were appended`)
      }
    },
  },
  {
    id: 'TXN-04.same-key-on-another-instance',
    rules: ['TXN-04'],
    title: 'a repeated key returns the first result on another instance as well',
    notFor: onlyShared,
    async run({ open, check, make }) {
      const [one, two] = [await open(), await open()]
      const idempotency = { key: 'k', fingerprint: 'f' }
      const first = await insertUser(one, make, idempotency)
      check.equal(await insertUser(two, make, idempotency), first, 'the result on the other instance')
    },
  },
  {
    id: 'TXN-04.concurrent-repeats-work-once',
    rules: ['TXN-04'],
    title: 'of eight concurrent calls with one key exactly one does the work, and all get its result',
    async run({ open, check, make, capabilities }) {
      const stores = capabilities.durability.shared ? [await open(), await open()] : [await open()]
      const idempotency = { key: 'k', fingerprint: 'f' }
      const calls = Array.from({ length: 8 }, (_, index) =>
        insertUser(stores[index % stores.length] as UserEngineStore, make, idempotency),
      )
      const results = await Promise.all(calls)
      check.equal(new Set(results).size, 1, 'distinct results')
      const { user } = await (stores[0] as UserEngineStore).read(PLATFORM, (reader) => reader.countRecords())
      check.equal(user, 1, 'users that were inserted')
    },
  },
  {
    id: 'TXN-04.another-request-is-refused',
    rules: ['TXN-04'],
    title: 'the same key with another fingerprint is IDEMPOTENCY_MISMATCH and does nothing',
    async run({ open, check, make }) {
      const store = await open()
      await insertUser(store, make, { key: 'k', fingerprint: 'one' })
      const other = insertUser(store, make, { key: 'k', fingerprint: 'two' })
      await check.rejects(other, 'IDEMPOTENCY_MISMATCH', 'the other request')
      const { user } = await store.read(PLATFORM, (reader) => reader.countRecords())
      check.equal(user, 1, 'users that were inserted')
    },
  },
  {
    id: 'TXN-04.failure-frees-the-key',
    rules: ['TXN-04', 'TXN-02'],
    title: 'a transaction that fails leaves its key unused',
    async run({ open, check, make }) {
      const store = await open()
      const idempotency = { key: 'k', fingerprint: 'f' }
      const failed = store.transact(
        PLATFORM,
        async (tx) => {
          await tx.users.insert(make.user())
          await tx.users.list()
          throw new Boom('after the work')
        },
        { idempotency },
      )
      check.ok((await failed.catch((error: unknown) => error)) instanceof Boom, 'the first call fails')
      const id = await insertUser(store, make, idempotency)
      const { items } = await store.read(PLATFORM, (reader) => reader.users.list())
      check.equal(
        items.map((user) => user.id),
        [id],
        'the second call did the work',
      )
    },
  },
  {
    id: 'TXN-04.keys-belong-to-their-scope',
    rules: ['TXN-04', 'TEN-01', 'TEN-03'],
    title: 'the same key in two tenants, and on the platform, names different requests',
    async run({ open, check, make }) {
      const store = await open()
      const idempotency = { key: 'k', fingerprint: 'f' }
      const results = [
        await store.transact(ACME, () => 'acme', { idempotency }),
        await store.transact(OTHER, () => 'other', { idempotency }),
        await store.transact(PLATFORM, () => 'platform', { idempotency }),
      ]
      check.equal(results, ['acme', 'other', 'platform'], 'first results')
      check.equal(
        await store.transact(ACME, () => 'again', { idempotency }),
        'acme',
        'a repeat in the first tenant',
      )
      const longKey = { idempotency: { key: make.id().repeat(10), fingerprint: 'f' } }
      await check.rejects(
        store.transact(ACME, () => 1, longKey),
        'VALIDATION',
        'a key over 256 characters',
      )
    },
  },
]

async function insertUser(
  store: UserEngineStore,
  make: RecordMaker,
  idempotency: Idempotency,
): Promise<string> {
  const user = make.user()
  return await store.transact(
    PLATFORM,
    async (tx) => {
      await tx.users.insert(user)
      return user.id
    },
    { idempotency },
  )
}
