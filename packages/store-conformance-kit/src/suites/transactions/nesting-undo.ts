import type { ConformanceCase } from '../../case.ts'
import { ACME, PLATFORM } from '../../records.ts'
import { VERSIONED_KINDS } from '../versions/versioned-kinds.ts'

export const NESTING_UNDO_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-05.undone-changes-give-back-versions',
    rules: ['TXN-05', 'VER-01'],
    title:
      'a change or a delete that an inner failure undid leaves the record as the outer part had it, for the outer to change',
    async run({ open, check, make }) {
      const store = await open()
      const boom = new Error('inner')
      for (const { name, scope, prepare } of VERSIONED_KINDS) {
        const { record, set, get, update, remove } = await prepare(store, make)
        const [first, second] = [make.instant(), make.instant()]
        await store.transact(scope, async (tx) => {
          if (update !== null) await update(tx, { id: record.id, expectedVersion: 1, updatedAt: first })
          const expectedVersion = update === null ? 1 : 2
          const inner = tx.transact(async (nested) => {
            if (update !== null) await update(nested, { id: record.id, expectedVersion, updatedAt: second })
            if (remove !== null)
              await remove(nested, {
                id: record.id,
                expectedVersion: update === null ? 1 : 3,
                updatedAt: second,
              })
            const inside = await get(nested)
            check.equal(inside?.version ?? null, remove === null ? 3 : null, `${name}, inside the inner part`)
            throw boom
          })
          await check.rejectsWith(inner, boom, `${name}: the inner part`)
          const asBefore = update === null ? record : { ...record, ...set, version: 2, updatedAt: first }
          check.equal(await get(tx), asBefore, `${name}, for the outer part, after the inner was undone`)
          if (update !== null) await update(tx, { id: record.id, expectedVersion, updatedAt: second })
        })
        const after = await store.read(scope, get)
        const expected = update === null ? record : { ...record, ...set, version: 3, updatedAt: second }
        check.equal(after, expected, `${name}, afterwards`)
      }
    },
  },
  {
    id: 'TXN-05.undone-keys-are-free',
    rules: ['TXN-05', 'IDN-01', 'IDN-03'],
    title:
      'ids and keys that an inner failure gave back can be taken by the outer part, and those it freed are held',
    async run({ open, check, make }) {
      const store = await open()
      const boom = new Error('inner')
      const [one, two] = [
        await make.addMember(store, ACME.tenantId),
        await make.addMember(store, ACME.tenantId),
      ]
      const [held, undone] = [make.identity(one.user.id), make.identity(one.user.id)]
      const membership = make.membership(one.tenantAccount)
      await store.transact(ACME, (tx) => tx.externalIdentities.insert(held))
      const taken = { ...undone, userId: two.user.id }
      await store.transact(ACME, async (tx) => {
        const inner = tx.transact(async (nested) => {
          await nested.externalIdentities.insert(undone)
          await nested.externalIdentities.delete({ id: held.id, expectedVersion: 1 })
          await nested.memberships.insert(membership)
          await nested.users.list()
          throw boom
        })
        await check.rejectsWith(inner, boom, 'the inner part')
        await tx.externalIdentities.insert(taken)
        await tx.memberships.insert(membership)
        const stillHeld = tx.transact((nested) =>
          nested.externalIdentities.insert(make.identity(two.user.id, { subject: held.subject })),
        )
        await check.rejects(stillHeld, 'DUPLICATE_IDENTITY', 'an identity whose unlinking was undone')
      })
      await store.read(ACME, async (reader) => {
        const resolved = await reader.externalIdentities.resolve(undone)
        check.equal(resolved, { identity: taken, user: two.user }, 'the identity that was taken again')
        check.equal(
          await reader.memberships.get(membership.id),
          membership,
          'the membership that was taken again',
        )
      })
    },
  },
  {
    id: 'TXN-05.undone-records-are-no-references',
    rules: ['TXN-05', 'TEN-02'],
    title:
      'what an inner part inserted is there for the outer to refer to exactly when the inner part succeeded',
    async run({ open, check, make }) {
      const store = await open()
      const boom = new Error('inner')
      const [kept, undone] = [make.user(), make.user()]
      const account = make.account(kept.id)
      await store.transact(ACME, async (tx) => {
        await tx.transact((nested) => nested.users.insert(kept))
        await tx.accounts.insert(account)
        const inner = tx.transact(async (nested) => {
          await nested.users.insert(undone)
          check.equal(await nested.users.get(undone.id), undone, 'the user inside the inner part')
          throw boom
        })
        await check.rejectsWith(inner, boom, 'the inner part')
        check.equal(await tx.users.get(undone.id), null, 'the user that was undone, for the outer part')
        const reference = tx.transact((nested) => nested.accounts.insert(make.account(undone.id)))
        const error = await check.rejects(reference, 'NOT_FOUND', 'an account of the user that was undone')
        check.equal(error.data, { entity: 'user', id: undone.id }, 'what is missing')
        await tx.tenantAccounts.insert(make.tenantAccount(ACME.tenantId, account))
      })
      await store.read(ACME, async (reader) =>
        check.equal((await reader.users.list()).items, [kept], 'the users of the tenant afterwards'),
      )
      const { items } = await store.read(PLATFORM, (reader) => reader.users.list())
      check.equal(items, [kept], 'the users of the platform afterwards')
    },
  },
  {
    id: 'TXN-05.outer-appends-survive-an-inner-rollback',
    rules: ['TXN-05', 'AUD-02', 'OBX-01'],
    title:
      'what the outer appended, and what an inner read made it send, survives the rollback of the inner part',
    async run({ open, check, make }) {
      const store = await open()
      const boom = new Error('inner')
      const [outer, inner, last] = [
        make.audit(ACME.tenantId),
        make.audit(ACME.tenantId),
        make.audit(ACME.tenantId),
      ]
      const event = make.event(ACME.tenantId)
      await store.transact(ACME, async (tx) => {
        void tx.audit.append(outer)
        void tx.outbox.append(event)
        const part = tx.transact(async (nested) => {
          await nested.audit.append(inner)
          check.equal((await nested.audit.list()).items, [outer, inner], 'what the inner part sees')
          throw boom
        })
        await check.rejectsWith(part, boom, 'the inner part')
        void tx.audit.append(last)
      })
      await store.read(ACME, async (reader) => {
        check.equal((await reader.audit.list()).items, [outer, last], 'the audit records afterwards')
        const { items } = await reader.outbox.list()
        check.equal(
          items.map((entry) => entry.event),
          [event],
          'the events afterwards',
        )
      })
    },
  },
]
