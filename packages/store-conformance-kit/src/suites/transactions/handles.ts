import type { StoreReader, StoreTransaction } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ACME, PLATFORM } from '../../records.ts'
import { addEveryKind, makeEveryKind, readEveryKind } from '../every-kind.ts'
import { READ_ATTEMPTS, WRITE_ATTEMPTS } from '../methods.ts'

export const HANDLE_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-08.handles-end-with-their-transaction',
    rules: ['TXN-08'],
    title:
      'a handle that is used after its end fails with TRANSACTION_ENDED, however it ended, and changes nothing',
    run: (context) => showEndedHandles(context),
  },
  {
    id: 'TXN-08.every-method-knows-its-end',
    rules: ['TXN-08', 'TEN-04'],
    title:
      'every method of a handle that has ended is TRANSACTION_ENDED, whatever else would be wrong with the call',
    async run({ open, check, make }) {
      const store = await open()
      const records = await addEveryKind(store, make, ACME.tenantId)
      const { ended } = await store.transact(ACME, (tx) => ({ ended: tx }))
      const { endedRead } = await store.read(ACME, (reader) => ({ endedRead: reader }))
      for (const { name, call } of READ_ATTEMPTS) {
        await check.rejects(() => call(endedRead, records, make), 'TRANSACTION_ENDED', `${name} after a read`)
        await check.rejects(
          () => call(ended, records, make),
          'TRANSACTION_ENDED',
          `${name} after a transaction`,
        )
      }
      await check.rejects(() => endedRead.countRecords(), 'TRANSACTION_ENDED', 'countRecords after a read')
      for (const { name, call } of WRITE_ATTEMPTS)
        await check.rejects(
          () => call(ended, records, make),
          'TRANSACTION_ENDED',
          `${name} after a transaction`,
        )
      const malformed = () => ended.users.insert(make.user({ id: 'no id' }))
      await check.rejects(malformed, 'TRANSACTION_ENDED', 'a malformed record after a transaction')
      const found = await store.read(ACME, (reader) => readEveryKind(reader, records))
      check.equal(found, records, 'the records afterwards')
    },
  },
  {
    id: 'TXN-08.outer-handles-wait-for-the-inner',
    rules: ['TXN-08'],
    title:
      'every method of an outer handle is TRANSACTION_BUSY while a nested transaction of it is open, and works again after it',
    run: (context) => showBusyHandles(context),
  },
  {
    id: 'TXN-08.calls-keep-their-order',
    rules: ['TXN-08', 'TXN-06', 'AUD-06', 'OBX-05'],
    title:
      'un-awaited calls on one handle take effect in the order they were made, and the commit waits for all',
    run: (context) => showOrder(context),
  },
  {
    id: 'TXN-08.calls-of-several-callers-keep-their-order',
    rules: ['TXN-08', 'TXN-06'],
    title:
      'calls that several asynchronous parts of work make on one handle all count, each part in its own order',
    async run({ open, check, make }) {
      const store = await open()
      const members = await Promise.all(Array.from({ length: 5 }, () => make.addMember(store, ACME.tenantId)))
      await store.transact(ACME, async (tx) => {
        const parts = members.map(async ({ user }) => {
          for (let version = 1; version <= 5; version++) {
            await tx.users.update(make.update(user.id, version, { displayName: `step ${version}` }))
            const seen = await tx.users.get(user.id)
            check.equal(seen?.displayName, `step ${version}`, 'what a part reads back')
          }
        })
        await Promise.all(parts)
      })
      const { items } = await store.read(ACME, (reader) => reader.users.list())
      check.equal(
        items.map(({ version, displayName }) => [version, displayName]),
        members.map(() => [6, 'step 5']),
        'the users afterwards',
      )
    },
  },
]

async function showEndedHandles({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const boom = new Error('on purpose')
  const leaked: { [name: string]: StoreTransaction } = {}
  await store.transact(PLATFORM, async (tx) => {
    leaked['a committed transaction'] = tx
    await tx.transact((nested) => {
      leaked['a completed nested transaction'] = nested
    })
    const failed = tx.transact((nested) => {
      leaked['a failed nested transaction'] = nested
      throw boom
    })
    await check.rejectsWith(failed, boom, 'the nested transaction that fails')
    for (const [name, handle] of Object.entries(leaked)) {
      if (handle === tx) continue
      await check.rejects(
        () => handle.users.list(),
        'TRANSACTION_ENDED',
        `a read on ${name}, by its outer part`,
      )
    }
  })
  const failed = store.transact(PLATFORM, (tx) => {
    leaked['a failed transaction'] = tx
    throw boom
  })
  await check.rejectsWith(failed, boom, 'the transaction that fails')
  const aborted = store.transact(PLATFORM, (tx) => {
    leaked['an aborted transaction'] = tx
    return tx.users.update(make.update(make.id(), 1, {}))
  })
  await check.rejects(aborted, 'NOT_FOUND', 'the transaction that is aborted')
  const late = store.transact(
    PLATFORM,
    (tx) => {
      leaked['a transaction past its time limit'] = tx
      return new Promise(() => {})
    },
    { timeoutMs: 60 },
  )
  await check.rejects(late, 'DEADLINE_EXCEEDED', 'the transaction that takes too long')
  for (const [name, handle] of Object.entries(leaked)) {
    const calls: Record<string, () => Promise<unknown>> = {
      'a write': () => handle.users.insert(make.user()),
      'a read': () => handle.users.list(),
      'a count': () => handle.countRecords(),
      nesting: () => handle.transact(() => {}),
    }
    for (const [call, run] of Object.entries(calls))
      await check.rejects(run, 'TRANSACTION_ENDED', `${call} on the handle of ${name}`)
  }
  const { user } = await store.read(PLATFORM, (reader) => reader.countRecords())
  check.equal(user, 0, 'users afterwards')
}

async function showBusyHandles({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const records = makeEveryKind(make, ACME.tenantId)
  const user = make.user()
  await store.transact(PLATFORM, async (tx) => {
    await tx.transact(async (nested) => {
      await nested.transact(async (innermost) => {
        await check.rejects(() => nested.users.list(), 'TRANSACTION_BUSY', 'a read on the middle handle')
        await refuseEverything(tx, 'the outermost handle')
        await innermost.users.list()
      })
      await refuseEverything(tx, 'the outer handle')
      await nested.users.insert(user)
    })
    check.equal(await tx.users.get(user.id), user, 'the outer handle works again afterwards')
    await tx.audit.append(make.audit(null))
  })
  const counts = await store.read(PLATFORM, (reader) => reader.countRecords())
  check.equal(
    [counts.user, counts['audit-record']],
    [1, 1],
    'what was committed: refused calls abort nothing',
  )

  async function refuseEverything(handle: StoreTransaction & StoreReader, name: string): Promise<void> {
    for (const { name: method, call } of READ_ATTEMPTS)
      await check.rejects(() => call(handle, records, make), 'TRANSACTION_BUSY', `${method} on ${name}`)
    for (const { name: method, call } of WRITE_ATTEMPTS)
      await check.rejects(() => call(handle, records, make), 'TRANSACTION_BUSY', `${method} on ${name}`)
    await check.rejects(() => handle.countRecords(), 'TRANSACTION_BUSY', `countRecords on ${name}`)
    await check.rejects(() => handle.transact(() => {}), 'TRANSACTION_BUSY', `nesting in ${name}`)
  }
}

async function showOrder({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const { user } = await make.addMember(store, ACME.tenantId)
  const identity = make.identity(user.id)
  const rounds = 20
  const seen = await store.transact(ACME, async (tx) => {
    const reads: Promise<unknown>[] = []
    for (let version = 1; version <= rounds; version++) {
      const name = `call ${version}`
      void tx.users.update(make.update(user.id, version, { displayName: name }))
      if (version % 5 === 0) reads.push(tx.users.get(user.id).then((found) => found?.displayName))
      void tx.audit.append(make.audit(ACME.tenantId, { action: name }))
      void tx.outbox.append(make.event(ACME.tenantId, { aggregateId: 'one', type: name }))
      // Linked and unlinked in turn: each step is refused unless the one before it took effect.
      if (version % 2 === 1) void tx.externalIdentities.insert({ ...identity, id: identity.id })
      else void tx.externalIdentities.delete({ id: identity.id, expectedVersion: 1 })
      if (version % 10 === 1) reads.push(tx.externalIdentities.get(identity.id).then((found) => found?.id))
    }
    return await Promise.all(reads)
  })
  const expected = [identity.id, 'call 5', 'call 10', identity.id, 'call 15', 'call 20']
  check.equal(seen, expected, 'what reads in between saw')
  const names = Array.from({ length: rounds }, (_, index) => `call ${index + 1}`)
  await store.read(ACME, async (reader) => {
    const after = await reader.users.get(user.id)
    check.equal([after?.version, after?.displayName], [rounds + 1, 'call 20'], 'the user afterwards')
    check.equal(await reader.externalIdentities.get(identity.id), null, 'the identity afterwards')
    const { items: audits } = await reader.audit.list()
    check.equal(
      audits.map(({ action }) => action),
      names,
      'the audit records in order',
    )
    const { items: events } = await reader.outbox.list()
    check.equal(
      events.map(({ event }) => event.type),
      names,
      'the events in order',
    )
  })
}
