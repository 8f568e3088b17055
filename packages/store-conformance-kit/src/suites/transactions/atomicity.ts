import type { Scope, StoreTransaction, UserEngineStore } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ACME, PLATFORM } from '../../records.ts'
import {
  addEveryKind,
  insertPlatformKinds,
  insertTenantKinds,
  makeEveryKind,
  nothingOf,
  readEveryKind,
} from '../every-kind.ts'
import { VERSIONED_KINDS } from '../versions/versioned-kinds.ts'

export const ATOMICITY_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-01.commit-together',
    rules: ['TXN-01', 'AUD-02', 'OBX-01', 'TXN-03'],
    title: 'records of every kind, audit records and events of a committed transaction are all there at once',
    async run({ openAll, check, make }) {
      const stores = await openAll()
      const [writer] = stores
      const records = makeEveryKind(make, ACME.tenantId)
      await writer.transact(PLATFORM, (tx) => insertPlatformKinds(tx, records))
      const result = await writer.transact(ACME, (tx) => {
        insertTenantKinds(tx, records)
        return { some: ['result'] }
      })
      check.equal(result, { some: ['result'] }, 'the result of work')
      for (const [index, store] of stores.entries()) {
        const found = await store.read(ACME, (reader) => readEveryKind(reader, records))
        check.equal(found, records, `the records, on instance ${index + 1}`)
      }
      const { deliveries } = await writer.outbox.claim({ consumer: 'kit', limit: 10, leaseMs: 10_000 })
      check.equal(deliveries, [{ event: records.event, attempt: 1 }], 'the event that is handed over')
    },
  },
  {
    id: 'TXN-02.failed-work-leaves-nothing',
    rules: ['TXN-02', 'TXN-01', 'AUD-02', 'OBX-01'],
    title: 'when work throws after writing every kind of record, none of it remains',
    run: (context) =>
      showRollback(context, async () => {
        throw new Error('thrown by work')
      }),
  },
  {
    id: 'TXN-02.failed-statement-leaves-nothing',
    rules: ['TXN-02', 'TXN-01', 'TXN-10'],
    title: 'when a statement fails after every kind of write, none of it remains',
    run: (context) =>
      showRollback(context, async (tx, { make }) => {
        await tx.users.update(make.update(make.id(), 1, {}))
        await tx.users.list()
      }),
  },
  {
    id: 'TXN-02.failed-work-of-unawaited-calls-leaves-nothing',
    rules: ['TXN-02', 'SHP-02'],
    title: 'when work throws at once after calls that it did not await, none of them takes effect',
    async run({ open, check, make }) {
      const store = await open()
      const boom = new Error('thrown by work')
      const records = makeEveryKind(make, ACME.tenantId)
      await store.transact(PLATFORM, (tx) => insertPlatformKinds(tx, records))
      const failed = store.transact(ACME, (tx) => {
        insertTenantKinds(tx, records)
        throw boom
      })
      await check.rejectsWith(failed, boom, 'the transaction')
      const found = await store.read(ACME, (reader) => readEveryKind(reader, records))
      const { application, catalog } = records
      check.equal(found, { ...nothingOf(records), application, catalog }, 'what remains')
    },
  },
  {
    id: 'TXN-02.errors-of-work-go-on-unchanged',
    rules: ['TXN-02'],
    title:
      'what work throws is what transact rejects with, whatever it is, thrown or returned as a rejection',
    async run({ open, check, make }) {
      const store = await open()
      const thrown: readonly unknown[] = [
        new Error('boom'),
        'a text',
        undefined,
        null,
        0,
        { code: 'NOT_FOUND' },
      ]
      for (const reason of thrown) {
        const what = `an error of work that is ${String(reason)}`
        const asynchronous = store.transact(PLATFORM, async (tx) => {
          await tx.users.insert(make.user())
          throw reason
        })
        await check.rejectsWith(asynchronous, reason, `${what}, thrown by an async function`)
        const synchronous = store.transact(PLATFORM, (tx) => {
          void tx.users.insert(make.user())
          throw reason
        })
        await check.rejectsWith(synchronous, reason, `${what}, thrown at once`)
        const returned = store.transact(PLATFORM, (tx) => {
          void tx.users.insert(make.user())
          return Promise.reject(reason)
        })
        await check.rejectsWith(returned, reason, `${what}, as a rejection`)
        const nested = store.transact(PLATFORM, (tx) => tx.transact(() => Promise.reject(reason)))
        await check.rejectsWith(nested, reason, `${what}, of a nested transaction`)
        const read = store.read(PLATFORM, () => Promise.reject(reason))
        await check.rejectsWith(read, reason, `${what}, of a read`)
      }
      const { user } = await store.read(PLATFORM, (reader) => reader.countRecords())
      check.equal(user, 0, 'users afterwards')
    },
  },
  {
    id: 'TXN-02.changes-and-deletes-are-undone',
    rules: ['TXN-02', 'VER-01'],
    title: 'changes and deletes of every kind that a failed transaction made are undone, version and all',
    run: (context) => showUndoneChanges(context),
  },
]

/** Writes one record of every kind in a scope that may, then lets `fail` end the transaction. */
async function showRollback(
  context: CaseContext,
  fail: (tx: StoreTransaction, context: CaseContext) => Promise<void>,
): Promise<void> {
  const { open, check, make } = context
  const store = await open()
  const records = makeEveryKind(make, ACME.tenantId)
  const inPlatform = store.transact(PLATFORM, async (tx) => {
    insertPlatformKinds(tx, records)
    await tx.users.insert(records.user)
    await tx.audit.append(make.audit(null))
    await tx.outbox.append(make.event(null))
    await fail(tx, context)
  })
  const [platformOutcome] = await Promise.allSettled([inPlatform])
  check.equal(platformOutcome.status, 'rejected', 'the platform transaction')
  check.equal(await countAll(store, PLATFORM), 0, 'records of the platform afterwards')

  await store.transact(PLATFORM, (tx) => insertPlatformKinds(tx, records))
  const before = await store.read(ACME, (reader) => reader.countRecords())
  const inTenant = store.transact(ACME, async (tx) => {
    insertTenantKinds(tx, records)
    check.equal(await readEveryKind(tx, records), records, 'the records inside the transaction')
    await fail(tx, context)
  })
  const [tenantOutcome] = await Promise.allSettled([inTenant])
  check.equal(tenantOutcome.status, 'rejected', 'the tenant transaction')
  check.equal(
    await store.read(ACME, (reader) => reader.countRecords()),
    before,
    'counts of the tenant afterwards',
  )
  const { application, catalog } = records
  const found = await store.read(ACME, (reader) => readEveryKind(reader, records))
  check.equal(found, { ...nothingOf(records), application, catalog }, 'what remains')
  check.equal(await countAll(store, PLATFORM), 2, 'records of the platform afterwards: what was there before')
  const { deliveries } = await store.outbox.claim({ consumer: 'kit', limit: 10, leaseMs: 10_000 })
  check.equal(deliveries, [], 'events that are handed over afterwards')
  const { pending, dead } = await store.outbox.stats()
  check.equal([pending, dead], [0, 0], 'events that wait, and dead letters')

  // A failed command must be repeatable from the start, with the same ids.
  await store.transact(ACME, (tx) => insertTenantKinds(tx, records))
  const repeated = await store.read(ACME, (reader) => readEveryKind(reader, records))
  check.equal(repeated, records, 'the records after the same work was done again')
}

async function countAll(store: UserEngineStore, scope: Scope): Promise<number> {
  const counts = await store.read(scope, (reader) => reader.countRecords())
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

async function showUndoneChanges({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const boom = new Error('thrown by work')
  const everything = await addEveryKind(store, make, ACME.tenantId)
  for (const { name, scope, prepare } of VERSIONED_KINDS) {
    const { record, get, update, remove } = await prepare(store, make)
    const updatedAt = make.instant()
    if (update !== null) {
      const failed = store.transact(scope, async (tx) => {
        await update(tx, { id: record.id, expectedVersion: 1, updatedAt })
        check.equal((await get(tx))?.version, 2, `${name}: the version inside the transaction`)
        throw boom
      })
      await check.rejectsWith(failed, boom, `${name}: the transaction that changed it`)
      check.equal(await store.read(scope, get), record, `${name}: after the change was undone`)
    }
    if (remove !== null) {
      const failed = store.transact(scope, async (tx) => {
        await remove(tx, { id: record.id, expectedVersion: 1, updatedAt: make.instant() })
        check.equal(await get(tx), null, `${name}: inside the transaction that deleted it`)
        throw boom
      })
      await check.rejectsWith(failed, boom, `${name}: the transaction that deleted it`)
      check.equal(await store.read(scope, get), record, `${name}: after the delete was undone`)
    }
  }
  const found = await store.read(ACME, (reader) => readEveryKind(reader, everything))
  check.equal(found, everything, 'what nobody changed')
}
