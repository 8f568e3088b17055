import { setTimeout as delay } from 'node:timers/promises'
import { isUserEngineError } from '@user-engine/store-protocol'
import pRetry from 'p-retry'
import { type ConformanceCase, onlyShared } from '../case.ts'
import { createGate } from '../gate.ts'
import { ACME, PLATFORM } from '../records.ts'

class Boom extends Error {}

export const ISOLATION_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-06.sees-its-own-writes',
    rules: ['TXN-06'],
    title: 'get, find, list, audit, outbox and counts inside a transaction see its own writes of every kind',
    async run({ open, check, make }) {
      const store = await open()
      const application = make.application()
      const catalog = make.catalog(application.id)
      await store.transact(PLATFORM, async (tx) => {
        await tx.applications.insert(application)
        check.equal(await tx.applications.findByKey(application.key), application, 'findByKey')
        check.equal((await tx.applications.list()).items, [application], 'applications.list')
        await tx.catalogs.insert(catalog)
        check.equal(await tx.catalogs.get(catalog.id), catalog, 'catalogs.get')
        check.equal((await tx.catalogs.listVersions(catalog)).items, [catalog], 'catalogs.listVersions')
      })
      await store.transact(ACME, async (tx) => {
        const user = make.user()
        await tx.users.insert(user)
        check.equal(await tx.users.get(user.id), user, 'an inserted user without tenant account')
        check.equal(
          (await tx.users.list()).items,
          [user],
          'users.list with an inserted user without tenant account',
        )
        const account = make.account(user.id)
        await tx.accounts.insert(account)
        check.equal(await tx.accounts.get(account.id), account, 'accounts.get')
        check.equal(
          (await tx.accounts.listByUser({ userId: user.id })).items,
          [account],
          'accounts.listByUser',
        )
        const tenantAccount = make.tenantAccount(ACME.tenantId, account)
        await tx.tenantAccounts.insert(tenantAccount)
        check.equal(await tx.tenantAccounts.findByAccount(account.id), tenantAccount, 'findByAccount')
        check.equal((await tx.users.list()).items, [user], 'users.list once more, without doubles')
        const identity = make.identity(user.id)
        await tx.externalIdentities.insert(identity)
        check.equal(await tx.externalIdentities.resolve(identity), { identity, user }, 'resolve')
        const binding = make.binding(ACME.tenantId, catalog)
        await tx.applicationBindings.insert(binding)
        check.equal(
          await tx.applicationBindings.findBoundCatalog(application.id),
          { binding, catalog },
          'findBoundCatalog',
        )
        const value = make.profileValue(user.id, { level: 'tenant', ...ACME }, 'x')
        await tx.profileValues.insert(value)
        check.equal(await tx.profileValues.find(value), value, 'profileValues.find')
        const membership = make.membership(tenantAccount)
        await tx.memberships.insert(membership)
        check.equal(await tx.memberships.find(membership), membership, 'memberships.find')
        const [audit, event] = [make.audit(ACME.tenantId), make.event(ACME.tenantId)]
        await tx.audit.append(audit)
        check.equal((await tx.audit.list()).items, [audit], 'audit.list')
        await tx.outbox.append(event)
        const { items } = await tx.outbox.list({ state: 'pending' })
        check.equal(
          items.map((entry) => entry.event),
          [event],
          'outbox.list',
        )
        const renamed = {
          id: user.id,
          expectedVersion: 1,
          set: { displayName: null },
          updatedAt: make.instant(),
        }
        await tx.users.update(renamed)
        check.equal((await tx.users.get(user.id))?.version, 2, 'its own update')
        await tx.externalIdentities.delete({ id: identity.id, expectedVersion: 1 })
        check.equal(await tx.externalIdentities.resolve(identity), null, 'its own delete')
        const counts = await tx.countRecords()
        check.equal(
          [
            counts.user,
            counts.account,
            counts['tenant-account'],
            counts['external-identity'],
            counts.membership,
          ],
          [1, 1, 1, 0, 1],
          'countRecords',
        )
      })
    },
  },
  {
    id: 'TXN-06.nobody-else-sees-them',
    rules: ['TXN-06', 'TXN-07'],
    title:
      'nobody else sees a write before its commit, on the same and on another instance, and everybody after it',
    async run({ open, check, make, capabilities }) {
      const writer = await open()
      const readers = capabilities.durability.shared ? [writer, await open()] : [writer]
      const { user } = await make.addMember(writer, ACME.tenantId)
      const [written, finish] = [createGate(), createGate()]
      const changed = {
        id: user.id,
        expectedVersion: 1,
        set: { displayName: 'changed' },
        updatedAt: make.instant(),
      }
      const audit = make.audit(ACME.tenantId)
      const transaction = writer.transact(ACME, async (tx) => {
        await tx.users.update(changed)
        await tx.audit.append(audit)
        check.equal((await tx.users.get(user.id))?.version, 2, 'the writer sees its update')
        check.equal((await tx.audit.list()).items.length, 1, 'the writer sees its audit record')
        written.open()
        await finish.opened
      })
      await written.opened
      for (const reader of readers) {
        check.equal(
          await reader.read(ACME, (open) => open.users.get(user.id)),
          user,
          'the user before the commit',
        )
        check.equal(
          (await reader.read(ACME, (open) => open.audit.list())).items,
          [],
          'audit before the commit',
        )
      }
      finish.open()
      await transaction
      for (const reader of readers) {
        const found = await reader.read(ACME, (open) => open.users.get(user.id))
        check.equal(found?.displayName, 'changed', 'the user after the commit')
      }
    },
  },
  {
    id: 'TXN-07.aborted-writes-are-never-seen',
    rules: ['TXN-07', 'TXN-02'],
    title: 'a write that is rolled back is seen by nobody, before or after',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      const [written, finish] = [createGate(), createGate()]
      const transaction = store.transact(ACME, async (tx) => {
        await tx.users.update({
          id: user.id,
          expectedVersion: 1,
          set: { displayName: 'never' },
          updatedAt: make.instant(),
        })
        await tx.users.get(user.id)
        written.open()
        await finish.opened
        throw new Boom('abort')
      })
      await written.opened
      check.equal(await store.read(ACME, (reader) => reader.users.get(user.id)), user, 'the user meanwhile')
      finish.open()
      await transaction.catch(() => {})
      check.equal(await store.read(ACME, (reader) => reader.users.get(user.id)), user, 'the user afterwards')
    },
  },
  {
    id: 'TXN-07.reads-are-not-torn',
    rules: ['TXN-07'],
    title: 'two records that are always changed together are never read apart inside one read',
    async run({ open, check, make }) {
      const store = await open()
      const one = await make.addMember(store, ACME.tenantId)
      const two = await make.addMember(store, ACME.tenantId)
      const rounds = 60
      const write = async () => {
        for (let version = 1; version <= rounds; version++) {
          await store.transact(ACME, (tx) => {
            for (const { user } of [one, two]) {
              const set = { displayName: `round ${version}` }
              void tx.users.update({ id: user.id, expectedVersion: version, set, updatedAt: make.instant() })
            }
          })
        }
      }
      const writing = write()
      let done = false
      void writing.finally(() => {
        done = true
      })
      let reads = 0
      while (!done) {
        const [first, second] = await store.read(ACME, async (reader) => {
          const before = await reader.users.get(one.user.id)
          await delay(1)
          return [before, await reader.users.get(two.user.id)]
        })
        reads += 1
        check.equal(second?.version, first?.version, 'the versions of both within one read')
      }
      await writing
      check.ok(reads > 0, 'reads overlapped with writes', reads)
    },
  },
  {
    id: 'TXN-07.no-lost-update',
    rules: ['TXN-07', 'VER-03'],
    title: 'of two transactions that read the same version and both write, one fails',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      const [readA, readB] = [createGate(), createGate()]
      const attempt = (mine: typeof readA, theirs: typeof readA, name: string) =>
        store.transact(ACME, async (tx) => {
          const seen = await tx.users.get(user.id)
          mine.open()
          await theirs.opened
          const expectedVersion = seen?.version ?? 0
          await tx.users.update({
            id: user.id,
            expectedVersion,
            set: { displayName: name },
            updatedAt: make.instant(),
          })
        })
      const results = await Promise.allSettled([attempt(readA, readB, 'A'), attempt(readB, readA, 'B')])
      const winners = results.filter(({ status }) => status === 'fulfilled')
      check.equal(winners.length, 1, 'winners')
      const loser = results.find((result) => result.status === 'rejected')
      await check.rejects(
        Promise.reject(loser?.reason),
        ['VERSION_CONFLICT', 'SERIALIZATION_CONFLICT'],
        'the loser',
      )
      const after = await store.read(ACME, (reader) => reader.users.get(user.id))
      check.equal(after?.version, 2, 'the version afterwards')
    },
  },
  {
    id: 'TXN-08.calls-keep-their-order',
    rules: ['TXN-08'],
    title:
      'un-awaited calls on one handle take effect in the order they were made, and the commit waits for all',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      const reads = await store.transact(ACME, async (tx) => {
        const seen: Promise<string | null | undefined>[] = []
        for (let version = 1; version <= 20; version++) {
          const set = { displayName: `call ${version}` }
          void tx.users.update({ id: user.id, expectedVersion: version, set, updatedAt: make.instant() })
          if (version % 5 === 0) seen.push(tx.users.get(user.id).then((found) => found?.displayName))
          void tx.audit.append(make.audit(ACME.tenantId, { action: `call.${version}` }))
        }
        return await Promise.all(seen)
      })
      check.equal(reads, ['call 5', 'call 10', 'call 15', 'call 20'], 'what reads in between saw')
      const after = await store.read(ACME, (reader) => reader.users.get(user.id))
      check.equal([after?.version, after?.displayName], [21, 'call 20'], 'the user afterwards')
      const { items } = await store.read(ACME, (reader) => reader.audit.list())
      const expected = Array.from({ length: 20 }, (_, index) => `call.${index + 1}`)
      check.equal(
        items.map(({ action }) => action),
        expected,
        'the audit records in order',
      )
    },
  },
  {
    id: 'TXN-09.contending-writers-all-finish',
    rules: ['TXN-09', 'VER-03', 'VER-01'],
    title: '50 writers that contend for one record and repeat with jitter all finish, and none is lost',
    timeoutMs: 60_000,
    async run({ open, check, make, random }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      let conflicts = 0
      const increment = () =>
        store.transact(ACME, async (tx) => {
          const seen = await tx.users.get(user.id)
          const set = { displayName: `version ${(seen?.version ?? 0) + 1}` }
          await tx.users.update({
            id: user.id,
            expectedVersion: seen?.version ?? 0,
            set,
            updatedAt: make.instant(),
          })
        })
      const options = {
        ...{ retries: 500, minTimeout: 1, maxTimeout: 50, factor: 1.5 },
        shouldRetry: ({ error }: { readonly error: Error }) => {
          conflicts += 1
          return isUserEngineError(error, 'VERSION_CONFLICT') || (isUserEngineError(error) && error.retryable)
        },
      }
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          await delay(random() * 5)
          await pRetry(increment, options)
        }),
      )
      const after = await store.read(ACME, (reader) => reader.users.get(user.id))
      check.equal([after?.version, after?.displayName], [51, 'version 51'], 'the record after 50 increments')
      check.ok(conflicts > 0, 'the writers really contended', conflicts)
    },
  },
  {
    id: 'TXN-11.deadline-of-work-that-never-ends',
    rules: ['TXN-11'],
    title: 'work that never settles ends with DEADLINE_EXCEEDED in time, leaves nothing and holds nothing',
    async run({ open, check, make }) {
      const store = await open({ maxConnections: 1 })
      const { user } = await make.addMember(store, ACME.tenantId)
      const set = { displayName: 'never' }
      const stuck = store.transact(
        ACME,
        async (tx) => {
          await tx.users.update({ id: user.id, expectedVersion: 1, set, updatedAt: make.instant() })
          await tx.users.get(user.id)
          await new Promise(() => {})
        },
        { timeoutMs: 200 },
      )
      const ended = await check.settlesWithin(stuck, 2_000, 'the transaction that never ends')
      check.equal(ended.status, 'rejected', 'its outcome')
      const error = await check.rejects(stuck, 'DEADLINE_EXCEEDED', 'its error')
      check.equal(error.data.timeoutMs, 200, 'the limit in the error')
      const read = store.read(ACME, () => new Promise(() => {}), { timeoutMs: 100 })
      await check.rejects(read, 'DEADLINE_EXCEEDED', 'a read that never ends')
      const change = {
        id: user.id,
        expectedVersion: 1,
        set: { displayName: 'next' },
        updatedAt: make.instant(),
      }
      const next = await check.settlesWithin(
        store.transact(ACME, (tx) => tx.users.update(change)),
        4_000,
        'the next transaction on the same record and the same single connection',
      )
      check.equal(next.status, 'fulfilled', 'its outcome')
    },
  },
  {
    id: 'TXN-11.deadline-while-waiting-for-another',
    rules: ['TXN-11', 'TXN-07'],
    title: 'a transaction that another one keeps waiting fails with a typed error within its own limit',
    notFor: onlyShared,
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      const [written, finish] = [createGate(), createGate()]
      const change = (displayName: string) => ({
        id: user.id,
        expectedVersion: 1,
        set: { displayName },
        updatedAt: make.instant(),
      })
      const holder = store.transact(ACME, async (tx) => {
        await tx.users.update(change('holder'))
        await tx.users.get(user.id)
        written.open()
        await finish.opened
      })
      await written.opened
      const waiter = store.transact(ACME, (tx) => tx.users.update(change('waiter')), { timeoutMs: 300 })
      const ended = await check.settlesWithin(waiter, 3_000, 'the transaction that waits')
      finish.open()
      const [held] = await Promise.allSettled([holder])
      // Whoever committed, the other failed with a type: blocking stores time out, optimistic ones find a conflict.
      const failures = [ended, held].filter((result) => result.status === 'rejected')
      check.equal(failures.length, 1, 'how many of the two failed')
      const codes = ['DEADLINE_EXCEEDED', 'VERSION_CONFLICT', 'SERIALIZATION_CONFLICT'] as const
      await check.rejects(Promise.reject(failures[0]?.reason), codes, 'the one that failed')
    },
  },
  {
    id: 'TXN-11.limits-are-checked',
    rules: ['TXN-11'],
    title: 'a time limit outside of the manifest is refused before anything is sent',
    async run({ open, check, capabilities }) {
      const store = await open()
      for (const timeoutMs of [0, -1, 1.5, Number.NaN, capabilities.transactions.maxTimeoutMs + 1]) {
        await check.rejects(
          store.read(PLATFORM, () => 1, { timeoutMs }),
          'VALIDATION',
          `read with ${timeoutMs} ms`,
        )
        await check.rejects(
          store.transact(PLATFORM, () => 1, { timeoutMs }),
          'VALIDATION',
          `transact with ${timeoutMs} ms`,
        )
      }
    },
  },
]
