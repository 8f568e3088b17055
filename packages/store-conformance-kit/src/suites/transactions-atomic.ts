import type { Scope, StoreTransaction, UserEngineStore } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../case.ts'
import { ACME, PLATFORM } from '../records.ts'

class Boom extends Error {}

export const ATOMIC_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-01.commit-together',
    rules: ['TXN-01', 'AUD-02', 'OBX-01'],
    title: 'domain change, audit record and event of a committed transaction are all there',
    async run({ open, check, make }) {
      const store = await open()
      const [audit, event] = [make.audit(ACME.tenantId), make.event(ACME.tenantId)]
      const { user } = await store.transact(ACME, async (tx) => {
        const member = make.insertMember(tx, ACME.tenantId)
        await tx.audit.append(audit)
        await tx.outbox.append(event)
        return member
      })
      check.equal(await store.read(ACME, (reader) => reader.users.get(user.id)), user, 'the user')
      check.equal(await store.read(ACME, (reader) => reader.audit.get(audit.id)), audit, 'the audit record')
      const { items } = await store.read(ACME, (reader) => reader.outbox.list())
      check.equal(
        items.map((entry) => entry.event),
        [event],
        'the event',
      )
    },
  },
  {
    id: 'TXN-02.failed-work-leaves-nothing',
    rules: ['TXN-02', 'TXN-01'],
    title: 'when work throws after writing every kind of record, none of it remains and its error propagates',
    run: (context) =>
      showRollback(context, async () => {
        throw new Boom('thrown by work')
      }),
  },
  {
    id: 'TXN-02.failed-statement-leaves-nothing',
    rules: ['TXN-02', 'TXN-10'],
    title: 'when a statement fails after every kind of write, none of it remains',
    run: (context) =>
      showRollback(context, async (tx, { make }) => {
        await tx.users.update({ id: make.id(), expectedVersion: 1, set: {}, updatedAt: make.instant() })
        await tx.users.list()
      }),
  },
  {
    id: 'TXN-02.update-and-delete-are-undone',
    rules: ['TXN-02'],
    title: 'updates and deletes of a transaction that fails are undone',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      const identity = make.identity(user.id)
      await store.transact(ACME, (tx) => tx.externalIdentities.insert(identity))
      const failed = store.transact(ACME, async (tx) => {
        await tx.users.update({
          id: user.id,
          expectedVersion: 1,
          set: { displayName: 'x' },
          updatedAt: make.instant(),
        })
        await tx.externalIdentities.delete({ id: identity.id, expectedVersion: 1 })
        check.equal(await tx.externalIdentities.get(identity.id), null, 'the delete is visible inside')
        throw new Boom('thrown by work')
      })
      check.ok(
        (await failed.catch((error: unknown) => error)) instanceof Boom,
        'the error of work propagates',
      )
      check.equal(
        await store.read(ACME, (reader) => reader.users.get(user.id)),
        user,
        'the user is as before',
      )
      check.equal(
        await store.read(ACME, (reader) => reader.externalIdentities.get(identity.id)),
        identity,
        'the identity is as before',
      )
    },
  },
  {
    id: 'TXN-03.swallowed-failure-is-reported',
    rules: ['TXN-03'],
    title:
      'a failed statement that work swallows is TRANSACTION_ABORTED, never a rollback reported as success',
    async run({ open, check, make }) {
      const store = await open()
      const user = make.user()
      const stale = { id: make.id(), expectedVersion: 1, set: {}, updatedAt: make.instant() }
      const call = store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(user)
        // At its own call in one store, at the next read in another: swallowed either way.
        await tx.users.update(stale).catch(() => {})
        await tx.users.get(user.id).catch(() => {})
        return 'looks fine'
      })
      const error = await check.rejects(call, 'TRANSACTION_ABORTED', 'the outcome of the transaction')
      check.equal(error.data.causeCode, 'NOT_FOUND', 'it names the code of the failure')
      check.equal(
        await store.read(PLATFORM, (reader) => reader.users.get(user.id)),
        null,
        'nothing was committed',
      )
    },
  },
  {
    id: 'TXN-03.calls-after-a-failure-are-refused',
    rules: ['TXN-03', 'TXN-10'],
    title: 'after a failure the transaction does nothing more',
    async run({ open, check, make }) {
      const store = await open()
      const [first, second] = [make.user(), make.user()]
      const call = store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(first)
        await tx.users
          .update({ id: make.id(), expectedVersion: 1, set: {}, updatedAt: make.instant() })
          .catch(() => {})
        await tx.users.get(first.id).catch(() => {})
        await check.rejects(tx.users.insert(second), 'TRANSACTION_ABORTED', 'a write after the failure')
        await check.rejects(tx.users.get(first.id), 'TRANSACTION_ABORTED', 'a read after the failure')
        await check.rejects(
          tx.transact(() => {}),
          'TRANSACTION_ABORTED',
          'a nested transaction after the failure',
        )
      })
      await check.rejects(call, 'TRANSACTION_ABORTED', 'the outcome of the transaction')
      const counts = await store.read(PLATFORM, (reader) => reader.countRecords())
      check.equal(counts.user, 0, 'no user was committed')
    },
  },
  {
    id: 'TXN-10.failure-of-a-write-is-one-typed-error',
    rules: ['TXN-10', 'TXN-08'],
    title: 'a failed write that nobody awaits gives its own typed error, and no unhandled rejection',
    async run({ open, check, make }) {
      const store = await open()
      const unhandled: unknown[] = []
      const listen = (reason: unknown) => {
        unhandled.push(reason)
      }
      process.on('unhandledRejection', listen)
      try {
        const user = make.user()
        await store.transact(PLATFORM, (tx) => tx.users.insert(user))
        const failures: Record<string, readonly [Scope, (tx: StoreTransaction) => void]> = {
          NOT_FOUND: [
            PLATFORM,
            (tx) =>
              void tx.users.update({ id: make.id(), expectedVersion: 1, set: {}, updatedAt: make.instant() }),
          ],
          VERSION_CONFLICT: [
            PLATFORM,
            (tx) =>
              void tx.users.update({ id: user.id, expectedVersion: 9, set: {}, updatedAt: make.instant() }),
          ],
          DUPLICATE_KEY: [PLATFORM, (tx) => void tx.users.insert(user)],
          VALIDATION: [PLATFORM, (tx) => void tx.users.insert({ ...user, id: 'no id' })],
          TENANT_BOUNDARY: [ACME, (tx) => void tx.audit.append(make.audit('somewhere-else'))],
          SCOPE_NOT_ALLOWED: [ACME, (tx) => void tx.applications.insert(make.application())],
        }
        for (const [code, [scope, write]] of Object.entries(failures)) {
          await check.rejects(
            store.transact(scope, (tx) => write(tx)),
            code as 'NOT_FOUND',
            `${code} handed over whole`,
          )
          await check.rejects(
            store.transact(scope, async (tx) => write(tx)),
            code as 'NOT_FOUND',
            `${code} in an async callback`,
          )
        }
        await new Promise((resolve) => setImmediate(resolve))
      } finally {
        process.off('unhandledRejection', listen)
      }
      check.equal(unhandled.length, 0, 'unhandled rejections')
    },
  },
]

/** Writes one record of every kind in a scope that may, then lets `fail` end the transaction. */
async function showRollback(
  context: CaseContext,
  fail: (tx: StoreTransaction, context: CaseContext) => Promise<void>,
): Promise<void> {
  const { open, check, make } = context
  const store = await open()
  const application = make.application()
  const catalog = make.catalog(application.id)
  const inPlatform = store.transact(PLATFORM, async (tx) => {
    await tx.applications.insert(application)
    await tx.catalogs.insert(catalog)
    await fail(tx, context)
  })
  check.ok(
    (await Promise.allSettled([inPlatform]))[0].status === 'rejected',
    'the platform transaction fails',
  )
  check.equal(await countAll(store, PLATFORM), 0, 'records of the platform afterwards')

  await store.transact(PLATFORM, async (tx) => {
    await tx.applications.insert(application)
    await tx.catalogs.insert(catalog)
  })
  const before = await countAll(store, ACME)
  const inTenant = store.transact(ACME, async (tx) => {
    const { user, tenantAccount } = make.insertMember(tx, ACME.tenantId)
    await tx.externalIdentities.insert(make.identity(user.id))
    await tx.applicationBindings.insert(make.binding(ACME.tenantId, catalog))
    await tx.memberships.insert(make.membership(tenantAccount))
    await tx.profileValues.insert(make.profileValue(user.id, { level: 'global' }, 1))
    await tx.profileValues.insert(make.profileValue(user.id, { level: 'tenant', ...ACME }, 1))
    await tx.audit.append(make.audit(ACME.tenantId))
    await tx.outbox.append(make.event(ACME.tenantId))
    await fail(tx, context)
  })
  check.ok((await Promise.allSettled([inTenant]))[0].status === 'rejected', 'the tenant transaction fails')
  check.equal(await countAll(store, ACME), before, 'records of the tenant afterwards')
  const { user: users } = await store.read(PLATFORM, (reader) => reader.countRecords())
  check.equal(users, 0, 'users of the platform afterwards')
  const { deliveries } = await store.outbox.claim({ consumer: 'kit', limit: 10, leaseMs: 10_000 })
  check.equal(deliveries.length, 0, 'events handed over afterwards')
}

async function countAll(store: UserEngineStore, scope: Scope): Promise<number> {
  const counts = await store.read(scope, (reader) => reader.countRecords())
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
