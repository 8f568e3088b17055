import type { StoreReader } from '@user-engine/store-protocol'
import { describe, expect, it } from 'vitest'
import { createMemoryStore } from './create-memory-store.ts'
import { createJournal } from './journal.ts'
import {
  ACME,
  AT,
  addMember,
  createGate,
  idOf,
  makeAccount,
  makeAudit,
  makeEvent,
  makeIdentity,
  makeMembership,
  makeTenantAccount,
  makeUser,
  OTHER,
  PLATFORM,
} from './testing/records.ts'

/** Everything a tenant's reader shows of the records that the test changes. */
async function lookAround(reader: StoreReader, ids: { userId: string; tenantAccountId: string }) {
  const { userId, tenantAccountId } = ids
  return {
    users: (await reader.users.list()).items,
    accounts: (await reader.accounts.listByUser({ userId })).items,
    identities: (await reader.externalIdentities.listByUser({ userId })).items,
    one: await reader.externalIdentities.resolve({ issuer: 'https://issuer.example', subject: 'one' }),
    memberships: (await reader.memberships.listByTenantAccount({ tenantAccountId })).items,
    byGroup: (await reader.memberships.listByGroup({ group: 'staff' })).items,
    audit: (await reader.audit.list()).items,
    newest: (await reader.audit.list({ order: 'newest-first', filter: { outcome: 'allowed' } })).items,
    record: await reader.audit.get(idOf(502)),
    events: (await reader.outbox.list()).items,
    pending: (await reader.outbox.list({ state: 'pending' })).items,
    delivered: (await reader.outbox.list({ state: 'delivered' })).items,
    dead: (await reader.outbox.list({ state: 'dead' })).items,
    counts: await reader.countRecords(),
  }
}

describe('a snapshot', () => {
  it('shows one moment, whatever is added, changed, deleted, added again or handed over after it', async () => {
    const store = createMemoryStore()
    const { user, account, tenantAccount } = await addMember(store, 1)
    const ids = { userId: user.id, tenantAccountId: tenantAccount.id }
    await store.transact(ACME, (tx) => {
      void tx.externalIdentities.insert(makeIdentity(10, user.id, 'one'))
      void tx.externalIdentities.insert(makeIdentity(11, user.id, 'two'))
      void tx.memberships.insert(makeMembership(20, tenantAccount))
      void tx.audit.append(makeAudit(501))
      for (const n of [1, 2, 3, 4]) void tx.outbox.append(makeEvent(n, { aggregateId: `a${n}` }))
    })
    const gates = [createGate(), createGate()] as const
    const [entered, changed] = gates
    const seen = store.read(ACME, async (reader) => {
      const before = await lookAround(reader, ids)
      entered.open()
      await changed.opened
      return [before, await lookAround(reader, ids), await lookAround(reader, ids)]
    })
    await entered.opened
    await addMember(store, 100)
    await store.transact(ACME, async (tx) => {
      const second = makeAccount(30, user.id)
      await tx.accounts.insert(second)
      await tx.tenantAccounts.insert(makeTenantAccount(31, second))
      await tx.users.update({ id: user.id, expectedVersion: 1, set: { displayName: 'New' }, updatedAt: AT })
      await tx.externalIdentities.delete({ id: idOf(10), expectedVersion: 1 })
      await tx.memberships.delete({ id: idOf(20), expectedVersion: 1 })
      await tx.audit.append(makeAudit(502))
      await tx.outbox.append(makeEvent(5))
    })
    await store.transact(ACME, async (tx) => {
      await tx.externalIdentities.insert(makeIdentity(12, user.id, 'one'))
      await tx.memberships.insert(makeMembership(21, tenantAccount))
      await tx.accounts.update({ id: account.id, expectedVersion: 1, set: { name: 'x' }, updatedAt: AT })
      await tx.accounts.update({ id: account.id, expectedVersion: 2, set: { name: 'y' }, updatedAt: AT })
    })
    const { token } = await store.outbox.claim({ consumer: 'c', limit: 3, leaseMs: 60_000 })
    await store.outbox.ack({ token, eventIds: [idOf(1)] })
    await store.outbox.deadLetter({ token, eventIds: [idOf(2)], reason: 'never' })
    changed.open()

    const [before, after, again] = await seen
    expect(before?.users).toHaveLength(1)
    expect(before?.pending).toHaveLength(4)
    expect(after).toEqual(before)
    expect(again).toEqual(before)

    const now = await store.read(ACME, (reader) => lookAround(reader, ids))
    expect(now.users.map(({ displayName }) => displayName)).toEqual(['New', 'Ada'])
    expect(now.one?.identity.id).toBe(idOf(12))
    expect(now.memberships.map(({ id }) => id)).toEqual([idOf(21)])
    expect([now.delivered, now.dead, now.pending].map((list) => list.length)).toEqual([1, 1, 3])
  })

  it('shows an empty tenant as empty when the first records come after it', async () => {
    const store = createMemoryStore()
    const gate = createGate()
    const counts = store.read(OTHER, async (reader) => {
      await gate.opened
      return [await reader.countRecords(), (await reader.audit.list()).items]
    })
    await addMember(store, 1, 'other')
    await store.transact(OTHER, (tx) => tx.audit.append(makeAudit(1, { tenantId: 'other' })))
    gate.open()
    const [empty, audit] = await counts
    expect(new Set(Object.values(empty ?? {}))).toEqual(new Set([0]))
    expect(audit).toEqual([])
  })

  it('of several changes of one record shows the state before the first', async () => {
    const store = createMemoryStore()
    await store.transact(PLATFORM, (tx) => tx.users.insert(makeUser(1)))
    const gate = createGate()
    const names = store.read(PLATFORM, async (reader) => {
      await gate.opened
      return (await reader.users.get(idOf(1)))?.displayName
    })
    for (const version of [1, 2, 3]) {
      const set = { displayName: `name ${version}` }
      await store.transact(PLATFORM, (tx) =>
        tx.users.update({ id: idOf(1), expectedVersion: version, set, updatedAt: AT }),
      )
    }
    gate.open()
    expect(await names).toBe('Ada')
  })

  it('goes on working through pages while others write', async () => {
    const store = createMemoryStore()
    await store.transact(PLATFORM, (tx) => {
      for (let n = 0; n < 100; n++) void tx.users.insert(makeUser(n * 2))
    })
    const ids = await store.read(PLATFORM, async (reader) => {
      const found: string[] = []
      for (let cursor: string | undefined; ; ) {
        const { items, nextCursor } = await reader.users.list({ limit: 7, ...(cursor && { cursor }) })
        found.push(...items.map(({ id }) => id))
        await store.transact(PLATFORM, (tx) => tx.users.insert(makeUser(found.length * 2 + 1)))
        if (nextCursor === null) return found
        cursor = nextCursor
      }
    })
    expect(ids).toEqual(Array.from({ length: 100 }, (_, n) => idOf(n * 2)))
  })
})

describe('the journal', () => {
  const image = (id: string) => ({ table: {} as never, id, item: null })

  it('records nothing while no snapshot is open', () => {
    const journal = createJournal()
    const point = journal.open()
    journal.close()
    journal.record(image('a'))
    expect(point.next).toBeNull()
    expect(journal.open().next).toBeNull()
  })

  it('gives each snapshot what follows its own beginning, once', () => {
    const journal = createJournal()
    const first = journal.open()
    journal.record(image('a'))
    const second = journal.open()
    journal.record(image('b'))
    expect(first.next?.next?.next).toBeNull()
    expect(second.next).toBe(first.next?.next)
  })

  it('holds on to nothing that no open snapshot can reach', async () => {
    const store = createMemoryStore()
    const gate = createGate()
    // In functions of their own, so that no variable of the test holds on to the record.
    const former = await (async () => {
      await store.transact(PLATFORM, (tx) => tx.users.insert(makeUser(1)))
      const user = await store.read(PLATFORM, (reader) => reader.users.get(idOf(1)))
      return new WeakRef(user ?? {})
    })()
    const reading = store.read(PLATFORM, () => gate.opened)
    await (async () => {
      const set = { displayName: 'New' }
      await store.transact(PLATFORM, (tx) =>
        tx.users.update({ id: idOf(1), expectedVersion: 1, set, updatedAt: AT }),
      )
    })()
    expect((await store.diagnostics()).facts.openSnapshots).toBe(1)
    gate.open()
    await reading
    expect((await store.diagnostics()).facts.openSnapshots).toBe(0)
    const { setFlagsFromString } = await import('node:v8')
    const { runInNewContext } = await import('node:vm')
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const isCollected = () => {
      collect()
      return former.deref() === undefined
    }
    await expect.poll(isCollected, { timeout: 4_000 }).toBe(true)
  })
})
