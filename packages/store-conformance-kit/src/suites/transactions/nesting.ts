import type { StoreTransaction, User } from '@user-engine/store-protocol'
import type { ConformanceCase } from '../../case.ts'
import { ACME, PLATFORM } from '../../records.ts'

export const NESTING_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-05.inner-failure-undoes-the-inner-part',
    rules: ['TXN-05', 'AUD-02', 'OBX-01'],
    title:
      'an inner failure that the outer catches undoes the inner part only, with a pool of one connection',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const boom = new Error('inner')
      const [before, inside, after] = [make.user(), make.user(), make.user()]
      const [audit, event] = [make.audit(null), make.event(null)]
      await store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(before)
        await tx.audit.append(audit)
        await tx.outbox.append(event)
        const inner = tx.transact(async (nested) => {
          await nested.users.insert(inside)
          await nested.audit.append(make.audit(null))
          await nested.outbox.append(make.event(null))
          check.equal((await nested.users.list()).items, [before, inside], 'what the inner part sees')
          check.equal((await nested.audit.list()).items.length, 2, 'audit records that the inner part sees')
          throw boom
        })
        await check.rejectsWith(inner, boom, 'the inner part')
        check.equal(await tx.users.get(inside.id), null, 'the inner write is undone at once')
        check.equal((await tx.audit.list()).items, [audit], 'the inner audit record is undone at once')
        await tx.users.insert(after)
      })
      await store.read(PLATFORM, async (reader) => {
        check.equal((await reader.users.list()).items, [before, after], 'the users afterwards')
        check.equal((await reader.audit.list()).items, [audit], 'the audit records afterwards')
      })
      const { deliveries } = await store.outbox.claim({ consumer: 'kit', limit: 5, leaseMs: 10_000 })
      check.equal(deliveries, [{ event, attempt: 1 }], 'the events that leave')
    },
  },
  {
    id: 'TXN-05.outer-failure-undoes-both',
    rules: ['TXN-05', 'TXN-02'],
    title: 'an outer failure undoes what a nested transaction had completed',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const boom = new Error('outer')
      const inside = make.user()
      const outer = store.transact(PLATFORM, async (tx) => {
        const result = await tx.transact(async (nested) => {
          await nested.users.insert(inside)
          await nested.audit.append(make.audit(null))
          await nested.outbox.append(make.event(null))
          return { inner: 'result' }
        })
        check.equal(result, { inner: 'result' }, 'the result of the inner part')
        check.equal(await tx.users.get(inside.id), inside, 'what the inner part wrote, seen by the outer')
        throw boom
      })
      await check.rejectsWith(outer, boom, 'the outer transaction')
      const counts = await store.read(PLATFORM, (reader) => reader.countRecords())
      check.equal(new Set(Object.values(counts)), new Set([0]), 'records afterwards')
      const { deliveries } = await store.outbox.claim({ consumer: 'kit', limit: 5, leaseMs: 10_000 })
      check.equal(deliveries, [], 'the events that leave')
    },
  },
  {
    id: 'TXN-05.completed-parts-are-seen-by-nobody-else',
    rules: ['TXN-05', 'TXN-06'],
    title: 'what a nested transaction completed is not committed before the outer one is',
    async run({ openAll, check, make }) {
      const stores = await openAll()
      const user = make.user()
      const [store] = stores
      await store.transact(PLATFORM, async (tx) => {
        await tx.transact((nested) => nested.users.insert(user))
        for (const other of stores) {
          const seen = await other.read(PLATFORM, (reader) => reader.users.get(user.id))
          check.equal(seen, null, 'the user, for others, before the outer commit')
        }
      })
      check.equal(
        await store.read(PLATFORM, (reader) => reader.users.get(user.id)),
        user,
        'the user afterwards',
      )
    },
  },
  {
    id: 'TXN-05.inner-statement-failure-can-be-survived',
    rules: ['TXN-05', 'TXN-10'],
    title: 'a failed statement of a nested transaction is reported before it settles, and the outer goes on',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const { user } = await make.addMember(store, ACME.tenantId)
      const [one, two] = [make.identity(user.id), make.identity(user.id)]
      await store.transact(ACME, async (tx) => {
        await tx.externalIdentities.insert(one)
        const clash = tx.transact((nested) => {
          void nested.users.update(make.update(user.id, 1, { displayName: 'undone' }))
          void nested.externalIdentities.insert({ ...two, subject: one.subject })
        })
        await check.rejects(clash, 'DUPLICATE_IDENTITY', 'the nested transaction')
        check.equal(await tx.users.get(user.id), user, 'what the nested transaction changed before it failed')
        await tx.externalIdentities.insert(two)
      })
      const { items } = await store.read(ACME, (reader) =>
        reader.externalIdentities.listByUser({ userId: user.id }),
      )
      check.equal(items, [one, two], 'the identities afterwards')
    },
  },
  {
    id: 'TXN-05.swallowed-inner-failure-is-reported',
    rules: ['TXN-05', 'TXN-03'],
    title: 'a failure that the inner work swallows fails the nested transaction, not silently the outer one',
    async run({ open, check, make }) {
      const store = await open()
      const [kept, lost] = [make.user(), make.user()]
      await store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(kept)
        const inner = tx.transact(async (nested) => {
          await nested.users.insert(lost)
          await nested.users.insert(kept).catch(() => {})
          await nested.users.get(lost.id).catch(() => {})
        })
        // The failure itself where it was found only at the end of the nested transaction.
        await check.rejects(inner, ['TRANSACTION_ABORTED', 'DUPLICATE_KEY'], 'the nested transaction')
      })
      const { items } = await store.read(PLATFORM, (reader) => reader.users.list())
      check.equal(items, [kept], 'the users afterwards: only the inner part is undone')
    },
  },
  {
    id: 'TXN-05.eight-levels',
    rules: ['TXN-05'],
    title: 'eight levels deep: all commit, or from the level that fails on down nothing does',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const boom = new Error('on purpose')
      /** Every level writes a user and goes one deeper; one level throws when it is back, its caller catches. */
      const dive = async (
        tx: StoreTransaction,
        { level, failing }: { level: number; failing: number },
      ): Promise<void> => {
        await tx.users.insert(make.user({ displayName: `level ${level}` }))
        if (level < 8) {
          const inner = tx.transact((nested) => dive(nested, { level: level + 1, failing }))
          if (level + 1 === failing) await check.rejectsWith(inner, boom, `level ${failing}`)
          else await inner
        }
        if (level === failing) throw boom
      }
      for (const failing of [9, 1, 4, 8]) {
        const before = await store.read(PLATFORM, (reader) => reader.countRecords())
        await store.transact(PLATFORM, (tx) => dive(tx, { level: 0, failing }))
        const after = await store.read(PLATFORM, (reader) => reader.countRecords())
        check.equal(after.user - before.user, failing, `users when level ${failing} fails`)
      }
    },
  },
  {
    id: 'TXN-05.siblings-are-independent',
    rules: ['TXN-05'],
    title: 'of many nested transactions one after the other exactly those that succeed remain',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const boom = new Error('odd')
      const users = Array.from({ length: 8 }, () => make.user())
      await store.transact(PLATFORM, async (tx) => {
        for (const [index, user] of users.entries()) {
          const step = tx.transact(async (nested) => {
            await nested.transact((innermost) => innermost.users.insert(user))
            if (index % 2 === 1) throw boom
          })
          if (index % 2 === 1) await check.rejectsWith(step, boom, `step ${index}`)
          else await step
        }
      })
      const { items } = await store.read(PLATFORM, (reader) => reader.users.list())
      check.equal(
        items,
        users.filter((_, index) => index % 2 === 0),
        'the users afterwards',
      )
    },
  },
  {
    id: 'TXN-05.unawaited-nested-transactions-count',
    rules: ['TXN-05', 'TXN-08'],
    title: 'a nested transaction that work does not await is part of it: the commit waits for it',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const [one, two, three, four] = [make.user(), make.user(), make.user(), make.user()]
      const nest = (tx: StoreTransaction, user: User) =>
        tx.transact(async (nested) => {
          await nested.users.list()
          await nested.users.insert(user)
        })
      await store.transact(PLATFORM, (tx) => {
        void tx.users.insert(one)
        void nest(tx, two)
      })
      await store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(three)
        void nest(tx, four)
      })
      const { items } = await store.read(PLATFORM, (reader) => reader.users.list())
      check.equal(items, [one, two, three, four], 'the users afterwards')
    },
  },
]
