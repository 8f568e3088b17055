import { setTimeout as delay } from 'node:timers/promises'
import { type ConformanceCase, onlyShared } from '../../case.ts'
import { createGate } from '../../gate.ts'
import { ACME, PLATFORM } from '../../records.ts'

export const DEADLINE_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-11.deadline-of-work-that-never-ends',
    rules: ['TXN-11', 'TXN-02'],
    title: 'work that never settles ends with DEADLINE_EXCEEDED in time, leaves nothing and holds nothing',
    async run({ open, check, make, capabilities }) {
      const store = await open({ maxConnections: 1 })
      const { user } = await make.addMember(store, ACME.tenantId)
      // More than the pool has connections: none of them may be lost to work that never ends.
      for (let round = 1; round <= 3; round++) {
        const stuck = store.transact(
          ACME,
          async (tx) => {
            await tx.users.update(make.update(user.id, 1, { displayName: 'never' }))
            await tx.audit.append(make.audit(ACME.tenantId))
            await tx.outbox.append(make.event(ACME.tenantId))
            await tx.users.get(user.id)
            await new Promise(() => {})
          },
          { timeoutMs: 150 },
        )
        await check.settlesWithin(stuck, 2_000, `transaction ${round} that never ends`)
        const error = await check.rejects(stuck, 'DEADLINE_EXCEEDED', `its error in round ${round}`)
        check.equal(error.data, { timeoutMs: 150 }, 'the limit in the error')
        const read = store.read(ACME, () => new Promise(() => {}), { timeoutMs: 100 })
        await check.settlesWithin(read, 2_000, `read ${round} that never ends`)
        await check.rejects(read, 'DEADLINE_EXCEEDED', `the read in round ${round}`)
      }
      const counts = await store.read(ACME, (reader) => reader.countRecords())
      check.equal([counts['audit-record'], counts['outbox-event']], [0, 0], 'what the late ones left')
      // The server lets go as well, so that nobody waits for what nobody wants any more.
      const stores = capabilities.durability.shared ? [store, await open()] : [store]
      for (const [index, next] of stores.entries()) {
        const change = make.update(user.id, index + 1, { displayName: `next ${index}` })
        const settled = await check.settlesWithin(
          next.transact(ACME, (tx) => tx.users.update(change)),
          4_000,
          `the next change of the same record, on instance ${index + 1}`,
        )
        check.equal(settled.status, 'fulfilled', 'its outcome')
      }
    },
  },
  {
    id: 'TXN-11.late-work-has-no-effect',
    rules: ['TXN-11', 'TXN-08'],
    title: 'work that wakes up after its time limit finds its handle ended, and nothing it does takes effect',
    async run({ open, check, make }) {
      const store = await open()
      const user = make.user()
      const wake = createGate()
      const { promise: late, resolve: report } = Promise.withResolvers<Promise<unknown>>()
      const transaction = store.transact(
        PLATFORM,
        async (tx) => {
          await tx.users.list()
          await wake.opened
          const attempt = tx.users.insert(user)
          report(attempt)
          await attempt
          return 'late'
        },
        { timeoutMs: 100 },
      )
      await check.rejects(transaction, 'DEADLINE_EXCEEDED', 'the transaction')
      wake.open()
      await check.rejects(async () => await await late, 'TRANSACTION_ENDED', 'what it does when it wakes up')
      const found = await store.read(PLATFORM, (reader) => reader.users.get(user.id))
      check.equal(found, null, 'the user afterwards')
    },
  },
  {
    id: 'TXN-11.deadline-in-a-nested-transaction',
    rules: ['TXN-11', 'TXN-05'],
    title: 'the time limit of the outermost transaction holds for the nested ones',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const stuck = store.transact(
        PLATFORM,
        async (tx) => {
          await tx.users.insert(make.user())
          await tx.transact(async (nested) => {
            await nested.users.insert(make.user())
            await nested.users.list()
            await new Promise(() => {})
          })
        },
        { timeoutMs: 150 },
      )
      await check.settlesWithin(stuck, 2_000, 'the transaction')
      await check.rejects(stuck, 'DEADLINE_EXCEEDED', 'its error')
      const { user } = await store.read(PLATFORM, (reader) => reader.countRecords())
      check.equal(user, 0, 'users afterwards')
    },
  },
  {
    id: 'TXN-11.deadline-while-waiting-for-another',
    rules: ['TXN-11', 'TXN-07'],
    title: 'a transaction that another one keeps waiting fails with a typed error within its own limit',
    notFor: onlyShared,
    async run({ open, check, make }) {
      const [store, other] = [await open(), await open()]
      const { user } = await make.addMember(store, ACME.tenantId)
      const change = (displayName: string) => make.update(user.id, 1, { displayName })
      const [written, finish] = [createGate(), createGate()]
      const holder = store.transact(ACME, async (tx) => {
        await tx.users.update(change('holder'))
        await tx.users.get(user.id)
        written.open()
        await finish.opened
      })
      await Promise.race([written.opened, holder])
      const waiter = other.transact(ACME, (tx) => tx.users.update(change('waiter')), { timeoutMs: 300 })
      const waited = await check.settlesWithin(waiter, 3_000, 'the transaction that waits')
      finish.open()
      const [held] = await Promise.allSettled([holder])
      // Whoever committed, the other failed with a type: blocking stores time out, optimistic ones find a conflict.
      const failures = [waited, held].filter((result) => result.status === 'rejected')
      check.equal(failures.length, 1, 'how many of the two failed')
      const codes = ['DEADLINE_EXCEEDED', 'VERSION_CONFLICT', 'SERIALIZATION_CONFLICT'] as const
      await check.rejects(Promise.reject(failures[0]?.reason), codes, 'the one that failed')
      const after = await store.read(ACME, (reader) => reader.users.get(user.id))
      check.equal(after?.version, 2, 'the version afterwards')
    },
  },
  {
    id: 'TXN-11.deadline-while-waiting-for-a-connection',
    rules: ['TXN-11'],
    title: 'work that finds no free connection ends within its limit: done, or with a typed error',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const { user } = await make.addMember(store, ACME.tenantId)
      const [busy, finish] = [createGate(), createGate()]
      const holder = store.transact(ACME, async (tx) => {
        await tx.users.list()
        busy.open()
        await finish.opened
      })
      await Promise.race([busy.opened, holder])
      const waiting = [
        store.read(ACME, (reader) => reader.users.get(user.id), { timeoutMs: 200 }),
        store.transact(ACME, (tx) => tx.users.get(user.id), { timeoutMs: 200 }),
      ]
      for (const call of waiting) {
        const settled = await check.settlesWithin(call, 3_000, 'a call while the only connection is taken')
        if (settled.status === 'fulfilled') check.equal(settled.value, user, 'what it found')
        else
          await check.rejects(
            Promise.reject(settled.reason),
            ['DEADLINE_EXCEEDED', 'UNAVAILABLE'],
            'what it failed with',
          )
      }
      finish.open()
      await holder
      check.equal(await store.read(ACME, (reader) => reader.users.get(user.id)), user, 'a read afterwards')
    },
  },
  {
    id: 'TXN-11.time-in-time-is-enough',
    rules: ['TXN-11'],
    title: 'work that takes long and stays within its limit is committed',
    async run({ open, check, make }) {
      const store = await open()
      const user = make.user()
      await store.transact(
        PLATFORM,
        async (tx) => {
          await tx.users.insert(user)
          await delay(150)
          await tx.users.list()
        },
        { timeoutMs: 20_000 < store.capabilities.transactions.maxTimeoutMs ? 20_000 : 1_000 },
      )
      check.equal(await store.read(PLATFORM, (reader) => reader.users.get(user.id)), user, 'the user')
    },
  },
  {
    id: 'TXN-11.limits-are-checked',
    rules: ['TXN-11', 'VAL-02'],
    title: 'a time limit outside of the manifest is refused before anything is done',
    async run({ open, check, capabilities }) {
      const store = await open()
      let ran = 0
      const work = () => {
        ran += 1
      }
      const { maxTimeoutMs } = capabilities.transactions
      for (const timeoutMs of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, maxTimeoutMs + 1]) {
        await check.rejects(
          () => store.read(PLATFORM, work, { timeoutMs }),
          'VALIDATION',
          `read, ${timeoutMs} ms`,
        )
        await check.rejects(
          () => store.transact(PLATFORM, work, { timeoutMs }),
          'VALIDATION',
          `transact, ${timeoutMs} ms`,
        )
      }
      check.equal(ran, 0, 'how often work was called')
      await store.read(PLATFORM, work, { timeoutMs: maxTimeoutMs })
      await store.transact(PLATFORM, work, { timeoutMs: maxTimeoutMs })
      check.equal(ran, 2, 'how often work was called with the longest limit')
    },
  },
]
