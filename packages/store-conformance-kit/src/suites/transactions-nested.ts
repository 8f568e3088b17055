import type { StoreTransaction, User } from '@user-engine/store-protocol'
import type { ConformanceCase } from '../case.ts'
import { ACME, PLATFORM } from '../records.ts'

class Boom extends Error {}

export const NESTED_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-05.inner-failure-undoes-the-inner-part',
    rules: ['TXN-05'],
    title:
      'an inner failure that the outer catches undoes the inner part only, with a pool of one connection',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const [before, inside, after] = [make.user(), make.user(), make.user()]
      await store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(before)
        await tx.audit.append(make.audit(null))
        const inner = tx.transact(async (nested) => {
          await nested.users.insert(inside)
          await nested.audit.append(make.audit(null))
          await nested.outbox.append(make.event(null))
          throw new Boom('inner')
        })
        check.ok(
          (await inner.catch((error: unknown) => error)) instanceof Boom,
          'the inner error reaches the outer',
        )
        check.equal(await tx.users.get(inside.id), null, 'the inner write is undone at once')
        check.equal((await tx.audit.list()).items.length, 1, 'the inner audit record is undone at once')
        await tx.users.insert(after)
      })
      const found = await store.read(PLATFORM, async (reader) =>
        Promise.all([before, inside, after].map(({ id }) => reader.users.get(id))),
      )
      check.equal(found, [before, null, after], 'what was before and after the inner part remains')
      const counts = await store.read(PLATFORM, (reader) => reader.countRecords())
      check.equal([counts['audit-record'], counts['outbox-event']], [1, 0], 'audit records and events')
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
        const clash = tx.transact((nested) =>
          nested.externalIdentities.insert({ ...two, subject: one.subject }),
        )
        await check.rejects(clash, 'DUPLICATE_IDENTITY', 'the nested transaction')
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
        await check.rejects(inner, 'TRANSACTION_ABORTED', 'the nested transaction')
      })
      const found = await store.read(PLATFORM, async (reader) =>
        Promise.all([kept, lost].map(({ id }) => reader.users.get(id))),
      )
      check.equal(found, [kept, null], 'only the inner part is undone')
    },
  },
  {
    id: 'TXN-05.outer-failure-undoes-both',
    rules: ['TXN-05'],
    title: 'an outer failure undoes what a nested transaction had completed',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const inside = make.user()
      const outer = store.transact(PLATFORM, async (tx) => {
        await tx.transact(async (nested) => {
          await nested.users.insert(inside)
          await nested.audit.append(make.audit(null))
          await nested.outbox.append(make.event(null))
        })
        check.equal(await tx.users.get(inside.id), inside, 'the completed inner part is visible to the outer')
        throw new Boom('outer')
      })
      check.ok((await outer.catch((error: unknown) => error)) instanceof Boom, 'the outer error propagates')
      const counts = await store.read(PLATFORM, (reader) => reader.countRecords())
      check.equal(
        [counts.user, counts['audit-record'], counts['outbox-event']],
        [0, 0, 0],
        'records afterwards',
      )
    },
  },
  {
    id: 'TXN-05.eight-levels',
    rules: ['TXN-05'],
    title: 'eight levels, every second one failing: exactly the others remain',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const users = Array.from({ length: 9 }, () => make.user())
      const dive = async (tx: StoreTransaction, level: number): Promise<void> => {
        const user = users[level] as User
        await tx.users.insert(user)
        if (level === 8) return
        await tx.transact((inner) => dive(inner, level + 1))
      }
      await store.transact(PLATFORM, (tx) => dive(tx, 0))
      const { items } = await store.read(PLATFORM, (reader) => reader.users.list())
      check.equal(items.length, 9, 'users of nine levels')

      const siblings = Array.from({ length: 8 }, () => make.user())
      await store.transact(PLATFORM, async (tx) => {
        for (const [index, user] of siblings.entries()) {
          const step = tx.transact(async (nested) => {
            await nested.transact((innermost) => innermost.users.insert(user))
            if (index % 2 === 1) throw new Boom('odd')
          })
          await step.catch((error: unknown) => check.ok(error instanceof Boom, 'only the odd ones fail'))
        }
      })
      const found = await store.read(PLATFORM, async (reader) =>
        Promise.all(siblings.map(async ({ id }) => (await reader.users.get(id)) !== null)),
      )
      check.equal(found, [true, false, true, false, true, false, true, false], 'which siblings remain')
    },
  },
  {
    id: 'TXN-05.outer-appends-survive-an-inner-rollback',
    rules: ['TXN-05', 'AUD-02', 'OBX-01'],
    title:
      'what the outer appended, and what an inner read made it send, survives the rollback of the inner part',
    async run({ open, check, make }) {
      const store = await open()
      const [outerAudit, innerAudit] = [make.audit(ACME.tenantId), make.audit(ACME.tenantId)]
      const event = make.event(ACME.tenantId)
      await store.transact(ACME, async (tx) => {
        await tx.audit.append(outerAudit)
        await tx.outbox.append(event)
        const inner = tx.transact(async (nested) => {
          await nested.audit.append(innerAudit)
          check.equal((await nested.audit.list()).items, [outerAudit, innerAudit], 'the inner part sees both')
          throw new Boom('inner')
        })
        check.ok((await inner.catch((error: unknown) => error)) instanceof Boom, 'the inner part fails')
      })
      check.equal(
        (await store.read(ACME, (reader) => reader.audit.list())).items,
        [outerAudit],
        'audit afterwards',
      )
      const { items } = await store.read(ACME, (reader) => reader.outbox.list())
      check.equal(
        items.map((entry) => entry.event),
        [event],
        'events afterwards',
      )
    },
  },
  {
    id: 'TXN-08.handles-end-with-their-transaction',
    rules: ['TXN-08'],
    title: 'a handle that is used after its end fails with TRANSACTION_ENDED and changes nothing',
    async run({ open, check, make }) {
      const store = await open()
      const leaked: { [name: string]: StoreTransaction } = {}
      await store.transact(PLATFORM, async (tx) => {
        leaked['of a committed transaction'] = tx
        await tx.transact((nested) => {
          leaked['of a completed nested transaction'] = nested
        })
        await tx
          .transact((nested) => {
            leaked['of a failed nested transaction'] = nested
            throw new Boom('inner')
          })
          .catch(() => {})
      })
      await store
        .transact(PLATFORM, (tx) => {
          leaked['of a failed transaction'] = tx
          throw new Boom('outer')
        })
        .catch(() => {})
      for (const [name, handle] of Object.entries(leaked)) {
        await check.rejects(
          () => handle.users.insert(make.user()),
          'TRANSACTION_ENDED',
          `a write on the handle ${name}`,
        )
        await check.rejects(() => handle.users.list(), 'TRANSACTION_ENDED', `a read on the handle ${name}`)
        await check.rejects(
          () => handle.transact(() => {}),
          'TRANSACTION_ENDED',
          `nesting in the handle ${name}`,
        )
      }
      const reader = await store.read(PLATFORM, (open) => ({ leaked: open }))
      await check.rejects(
        () => reader.leaked.users.list(),
        'TRANSACTION_ENDED',
        'a read on the handle of a read',
      )
      const { user } = await store.read(PLATFORM, (open) => open.countRecords())
      check.equal(user, 0, 'users afterwards')
    },
  },
  {
    id: 'TXN-08.outer-handle-waits-for-the-inner',
    rules: ['TXN-08'],
    title: 'an outer handle refuses calls with TRANSACTION_BUSY while a nested transaction of it is open',
    async run({ open, check, make }) {
      const store = await open()
      const user = make.user()
      await store.transact(PLATFORM, async (tx) => {
        await tx.transact(async (nested) => {
          await check.rejects(tx.users.list(), 'TRANSACTION_BUSY', 'a read on the outer handle')
          await check.rejects(tx.users.insert(make.user()), 'TRANSACTION_BUSY', 'a write on the outer handle')
          await check.rejects(
            tx.transact(() => {}),
            'TRANSACTION_BUSY',
            'a second nested transaction',
          )
          await nested.users.insert(user)
        })
        check.equal(await tx.users.get(user.id), user, 'the outer handle works again afterwards')
      })
      const { items } = await store.read(PLATFORM, (reader) => reader.users.list())
      check.equal(items, [user], 'what was committed')
    },
  },
]
