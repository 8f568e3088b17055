import { setTimeout as delay } from 'node:timers/promises'
import type {
  Idempotency,
  JsonValue,
  StoreTransaction,
  User,
  UserEngineStore,
} from '@user-engine/store-protocol'
import { NOTES_KEYS_AFTERWARDS } from '../../calibration/defects.ts'
import type { RaceRound } from '../../calibration/race.ts'
import { type CaseContext, type ConformanceCase, onlyShared } from '../../case.ts'
import { ACME, OTHER, PLATFORM, type RecordMaker } from '../../records.ts'
import { KEPT_VALUES } from '../values/kept-values.ts'
import { LOOKALIKES } from '../values/lookalikes.ts'

const KEY: Idempotency = { key: 'k', fingerprint: 'f' }

export const IDEMPOTENCY_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-04.same-key-returns-the-first-result',
    rules: ['TXN-04', 'SHP-02'],
    title: 'a repeated key returns the first result and does the work once, whatever style of work',
    run: (context) => showFirstResult(context),
  },
  {
    id: 'TXN-04.results-are-kept-exactly',
    rules: ['TXN-04', 'VAL-01'],
    title: 'the result of a repeated key is the JSON of the first one, whatever JSON it is',
    async run({ open, check }) {
      const store = await open()
      for (const [name, value, readBack = value] of KEPT_VALUES) {
        const idempotency = { key: `result: ${name}`, fingerprint: 'f' }
        const run = (result: JsonValue) => store.transact(ACME, () => result, { idempotency })
        await run(value)
        check.equal(await run('another result'), readBack, `the second result: ${name}`)
      }
    },
  },
  {
    id: 'TXN-04.same-key-on-another-instance',
    rules: ['TXN-04', 'LIF-01'],
    title: 'a repeated key returns the first result on another instance as well, after the first has closed',
    notFor: onlyShared,
    async run({ open, check, make }) {
      const [one, two] = [await open(), await open()]
      const first = await insertUser(one, make, KEY)
      check.equal(await insertUser(two, make, KEY), first, 'the result on the other instance')
      await one.close()
      check.equal(await insertUser(await open(), make, KEY), first, 'the result on one that was opened later')
      const { user } = await two.read(PLATFORM, (reader) => reader.countRecords())
      check.equal(user, 1, 'users that were inserted')
    },
  },
  {
    id: 'TXN-04.concurrent-repeats-work-once',
    rules: ['TXN-04'],
    title: 'of eight concurrent calls with one key exactly one does the work, and all get its result',
    run: ({ race, make }) =>
      race({ defect: NOTES_KEYS_AFTERWARDS, run: (round) => showOneWorker(round, make) }),
  },
  {
    id: 'TXN-04.another-request-is-refused',
    rules: ['TXN-04'],
    title: 'the same key with another fingerprint is IDEMPOTENCY_MISMATCH and does nothing',
    async run({ open, check, make }) {
      const store = await open()
      await insertUser(store, make, { key: 'k', fingerprint: 'one' })
      for (const fingerprint of ['two', 'One', 'one '])
        await check.rejects(
          insertUser(store, make, { key: 'k', fingerprint }),
          'IDEMPOTENCY_MISMATCH',
          `the fingerprint ${JSON.stringify(fingerprint)}`,
        )
      const { user } = await store.read(PLATFORM, (reader) => reader.countRecords())
      check.equal(user, 1, 'users that were inserted')
    },
  },
  {
    id: 'TXN-04.failure-frees-the-key',
    rules: ['TXN-04', 'TXN-02'],
    title: 'a transaction that fails, by its work, a statement or its time limit, leaves its key unused',
    async run({ open, check, make }) {
      const store = await open()
      const boom = new Error('after the work')
      const thrown = store.transact(
        PLATFORM,
        async (tx) => {
          await tx.users.insert(make.user())
          await tx.users.list()
          throw boom
        },
        { idempotency: KEY },
      )
      await check.rejectsWith(thrown, boom, 'the call whose work throws')
      const failed = store.transact(PLATFORM, (tx) => tx.users.update(make.update(make.id(), 1, {})), {
        idempotency: KEY,
      })
      await check.rejects(failed, 'NOT_FOUND', 'the call whose statement fails')
      const late = store.transact(PLATFORM, () => new Promise<string>(() => {}), {
        idempotency: KEY,
        timeoutMs: 60,
      })
      await check.rejects(late, 'DEADLINE_EXCEEDED', 'the call that takes too long')
      const id = await insertUser(store, make, { ...KEY, fingerprint: 'another' })
      const { items } = await store.read(PLATFORM, (reader) => reader.users.list())
      check.equal(
        items.map((user) => user.id),
        [id],
        'the users afterwards: of the call that did the work',
      )
    },
  },
  {
    id: 'TXN-04.keys-belong-to-their-scope',
    rules: ['TXN-04', 'TEN-01', 'TEN-03', 'IDN-04'],
    title:
      'the same key in two tenants, and on the platform, names different requests; so do keys that look alike',
    async run({ open, check }) {
      const store = await open()
      const results = [
        await store.transact(ACME, () => 'acme', { idempotency: KEY }),
        await store.transact(OTHER, () => 'other', { idempotency: { ...KEY, fingerprint: 'g' } }),
        await store.transact(PLATFORM, () => 'platform', { idempotency: { ...KEY, fingerprint: 'h' } }),
      ]
      check.equal(results, ['acme', 'other', 'platform'], 'first results')
      const again = await store.transact(ACME, () => 'again', { idempotency: KEY })
      check.equal(again, 'acme', 'a repeat in the first tenant')
      for (const key of LOOKALIKES) {
        const idempotency = { key, fingerprint: key }
        check.equal(
          await store.transact(ACME, () => key, { idempotency }),
          key,
          `the key ${JSON.stringify(key)}`,
        )
      }
    },
  },
  {
    id: 'TXN-04.keys-are-checked',
    rules: ['TXN-04', 'VAL-02'],
    title: 'keys and fingerprints have 1 to 256 storable characters; others are VALIDATION, before any work',
    async run({ open, check }) {
      const store = await open()
      let ran = false
      const work = () => {
        ran = true
      }
      for (const text of ['', 'x'.repeat(257), 'nul\u0000', 'lone \ud800']) {
        for (const idempotency of [
          { ...KEY, key: text },
          { ...KEY, fingerprint: text },
        ])
          await check.rejects(
            () => store.transact(ACME, work, { idempotency }),
            'VALIDATION',
            `a key or fingerprint of ${text.length} characters`,
          )
      }
      check.ok(!ran, 'no work was done')
      const longest = { key: '漢'.repeat(256), fingerprint: '漢'.repeat(256) }
      await store.transact(ACME, () => 1, { idempotency: longest })
      check.equal(await store.transact(ACME, () => 2, { idempotency: longest }), 1, 'the longest key')
    },
  },
]

async function showOneWorker({ stores, check, round }: RaceRound, make: RecordMaker): Promise<void> {
  const [store] = stores
  type Work<Result> = (tx: StoreTransaction) => Promise<Result>
  const callEightTimes = <Result>(key: string, workOf: (call: number) => Work<Result>) =>
    Promise.all(
      Array.from({ length: 8 }, (_, call) =>
        (stores[call % stores.length] ?? store).transact(PLATFORM, workOf(call), {
          idempotency: { key: `round ${round}, ${key}`, fingerprint: 'f' },
        }),
      ),
    )
  for (const slow of [false, true]) {
    const before = await store.read(PLATFORM, (reader) => reader.countRecords())
    const results = await callEightTimes(`slow ${slow}`, () => {
      const user = make.user()
      return async (tx) => {
        await tx.users.insert(user)
        await tx.outbox.append(make.event(null))
        if (slow) await delay(30)
        await tx.users.list()
        return user.id
      }
    })
    check.equal(new Set(results).size, 1, 'distinct results')
    const after = await store.read(PLATFORM, (reader) => reader.countRecords())
    const added = [after.user - before.user, after['outbox-event'] - before['outbox-event']]
    check.equal(added, [1, 1], 'users and events that were added')
    const found = await store.read(PLATFORM, (reader) => reader.users.get(results[0] ?? ''))
    check.ok(found !== null, 'the result is of the call whose work was committed')
  }
  // Work that only reads leaves nothing behind but its result.
  const results = await callEightTimes('nothing written', (call) => async (tx) => {
    await tx.users.list()
    return call
  })
  check.equal(new Set(results).size, 1, 'distinct results of work that writes nothing')
}

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

async function showFirstResult({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const styles: Record<string, (user: User, idempotency: Idempotency) => Promise<unknown>> = {
    'a plain value': (user, idempotency) =>
      store.transact(
        PLATFORM,
        (tx) => {
          void tx.users.insert(user)
          void tx.outbox.append(make.event(null))
          return { id: user.id, nested: [null, { a: 1 }] }
        },
        { idempotency },
      ),
    'an own read': (user, idempotency) =>
      store.transact(
        PLATFORM,
        (tx) => {
          void tx.users.insert(user)
          void tx.outbox.append(make.event(null))
          return tx.users.get(user.id)
        },
        { idempotency },
      ),
    'asynchronous work': (user, idempotency) =>
      store.transact(
        PLATFORM,
        async (tx) => {
          await tx.users.insert(user)
          await tx.outbox.append(make.event(null))
          return await tx.users.get(user.id)
        },
        { idempotency },
      ),
    'a nested transaction': (user, idempotency) =>
      store.transact(
        PLATFORM,
        (tx) =>
          tx.transact(async (nested) => {
            await nested.users.insert(user)
            await nested.outbox.append(make.event(null))
            return user.id
          }),
        { idempotency },
      ),
    // No result is stored as null.
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
    const again = [await run(make.user(), idempotency), await run(make.user(), idempotency)]
    check.equal(again, [first, first], `${style}: the later results`)
    const after = await store.read(PLATFORM, (reader) => reader.countRecords())
    check.equal(after.user - before.user, 1, `${style}: users that were inserted`)
    check.equal(after['outbox-event'] - before['outbox-event'], 1, `${style}: events that were appended`)
  }
}
