import { isUserEngineError, type StoreReader, type StoreTransaction } from '@user-engine/store-protocol'
import { describe, expect, it } from 'vitest'
import { createMemoryStore } from './create-memory-store.ts'
import {
  ACME,
  AT,
  addMember,
  codeOf,
  createGate,
  idOf,
  makeAccount,
  makeAudit,
  makeEvent,
  makeIdentity,
  makeMembership,
  makeProfileValue,
  makeTenantAccount,
  makeUser,
  OTHER,
  PLATFORM,
} from './testing/records.ts'

const rename = (id: string, expectedVersion: number, displayName: string) => ({
  id,
  expectedVersion,
  set: { displayName },
  updatedAt: AT,
})

describe('what a transaction sees of its own', () => {
  it('merges its inserts, updates and deletes into lists, in order and page by page', async () => {
    const store = createMemoryStore()
    const { user } = await addMember(store, 1)
    await store.transact(ACME, (tx) => {
      for (const n of [20, 40, 60]) void tx.externalIdentities.insert(makeIdentity(n, user.id))
    })

    const pages = await store.transact(ACME, async (tx) => {
      await tx.externalIdentities.delete({ id: idOf(40), expectedVersion: 1 })
      for (const n of [70, 10, 50, 30]) await tx.externalIdentities.insert(makeIdentity(n, user.id))
      await tx.externalIdentities.delete({ id: idOf(50), expectedVersion: 1 })
      const found: string[][] = []
      for (let cursor: string | undefined; ; ) {
        const page = { limit: 2, ...(cursor === undefined ? {} : { cursor }) }
        const { items, nextCursor } = await tx.externalIdentities.listByUser({ userId: user.id, page })
        found.push(items.map(({ id }) => id))
        if (nextCursor === null) return found
        cursor = nextCursor
      }
    })
    expect(pages).toEqual([[idOf(10), idOf(20)], [idOf(30), idOf(60)], [idOf(70)]])
  })

  it('commits who comes to the tenant together with who is there already, in any order of the calls', async () => {
    const store = createMemoryStore()
    const { user } = await addMember(store, 10)
    const second = makeAccount(20, user.id)
    const newcomer = makeUser(30)
    const account = makeAccount(31, newcomer.id)
    await store.transact(ACME, (tx) => {
      void tx.accounts.insert(second)
      void tx.tenantAccounts.insert(makeTenantAccount(21, second))
      void tx.users.insert(newcomer)
      void tx.accounts.insert(account)
      void tx.tenantAccounts.insert(makeTenantAccount(32, account))
    })
    await store.transact(ACME, (tx) => tx.users.update(rename(newcomer.id, 1, 'Grace')))
    const [list, got] = await store.read(ACME, (reader) =>
      Promise.all([reader.users.list(), reader.users.get(newcomer.id)]),
    )
    expect(list.items.map(({ id, displayName }) => [id, displayName])).toEqual([
      [user.id, 'Ada'],
      [newcomer.id, 'Grace'],
    ])
    expect(got).toEqual(list.items[1])
  })

  it('lists users and accounts of a tenant once, whether present, added or both', async () => {
    const store = createMemoryStore()
    await addMember(store, 10)
    const [lists, counts] = await store.transact(ACME, async (tx) => {
      const late = makeAccount(5, idOf(10))
      await tx.accounts.insert(late)
      await tx.tenantAccounts.insert(makeTenantAccount(6, late))
      await tx.users.insert(makeUser(3))
      const own = makeAccount(4, idOf(3))
      await tx.accounts.insert(own)
      const users = await tx.users.list()
      const accounts = await tx.accounts.listByUser({ userId: idOf(10) })
      return [
        [users, accounts].map(({ items }) => items.map(({ id }) => id)),
        await tx.countRecords(),
      ] as const
    })
    expect(lists).toEqual([
      [idOf(3), idOf(10)],
      [idOf(5), idOf(11)],
    ])
    expect(counts).toMatchObject({ user: 2, account: 3, 'tenant-account': 2 })
    const after = await store.read(ACME, (reader) => reader.users.list())
    expect(after.items.map(({ id }) => id)).toEqual([idOf(10)])
  })

  it('merges the three levels of a profile by attribute key and then level, across pages', async () => {
    const store = createMemoryStore()
    const { user } = await addMember(store, 1)
    const application = { id: idOf(90), key: 'app', name: 'App', status: 'active', version: 1 } as const
    await store.transact(PLATFORM, (tx) =>
      tx.applications.insert({ ...application, createdAt: AT, updatedAt: AT }),
    )
    const scopes = [
      { level: 'global' },
      { level: 'tenant', ...ACME },
      { level: 'application', ...ACME, applicationId: application.id },
    ] as const
    const list = async (reader: StoreReader) => {
      const found: string[] = []
      for (let cursor: string | undefined; ; ) {
        const { items, nextCursor } = await reader.profileValues.listByUser({
          userId: user.id,
          applicationId: application.id,
          page: { limit: 2, ...(cursor === undefined ? {} : { cursor }) },
        })
        for (const { attributeKey, scope } of items) found.push(`${attributeKey} ${scope.level}`)
        if (nextCursor === null) return found
        cursor = nextCursor
      }
    }
    const expected = ['a', 'a-b', 'a.b', 'b'].flatMap((key) => scopes.map(({ level }) => `${key} ${level}`))
    let n = 100
    const inside = await store.transact(ACME, async (tx) => {
      for (const attributeKey of ['b', 'a.b', 'a', 'a-b']) {
        for (const scope of scopes) {
          await tx.profileValues.insert(makeProfileValue(n++, user.id, { scope, attributeKey }))
        }
      }
      return list(tx)
    })
    expect(inside).toEqual(expected)
    expect(await store.read(ACME, list)).toEqual(expected)
  })

  it('lets a natural key go from a deleted record to a new one, also with the same id', async () => {
    const store = createMemoryStore()
    const { user } = await addMember(store, 1)
    await store.transact(ACME, (tx) => {
      void tx.externalIdentities.insert(makeIdentity(10, user.id, 'one'))
      void tx.externalIdentities.insert(makeIdentity(20, user.id, 'two'))
    })
    await store.transact(ACME, async (tx) => {
      await tx.externalIdentities.delete({ id: idOf(10), expectedVersion: 1 })
      await tx.externalIdentities.delete({ id: idOf(20), expectedVersion: 1 })
      await tx.externalIdentities.insert(makeIdentity(10, user.id, 'two'))
      await tx.externalIdentities.insert(makeIdentity(20, user.id, 'one'))
    })
    const resolve = (subject: string) =>
      store.read(ACME, (reader) =>
        reader.externalIdentities.resolve({ issuer: 'https://issuer.example', subject }),
      )
    expect((await resolve('one'))?.identity.id).toBe(idOf(20))
    expect((await resolve('two'))?.identity.id).toBe(idOf(10))
    const taken = store.transact(ACME, (tx) => tx.externalIdentities.insert(makeIdentity(30, user.id, 'one')))
    expect(await codeOf(taken)).toBe('DUPLICATE_IDENTITY')
  })

  it('keeps the events of several tenants in the order of their calls [OBX-05]', async () => {
    const store = createMemoryStore()
    await store.transact(PLATFORM, (tx) => {
      for (const [n, tenantId] of ['acme', null, 'other', null, 'acme'].entries()) {
        void tx.outbox.append(makeEvent(n, { tenantId, aggregateId: `a${n}` }))
      }
    })
    const { deliveries } = await store.outbox.claim({ consumer: 'c', limit: 10, leaseMs: 1_000 })
    expect(deliveries.map(({ event }) => event.id)).toEqual([0, 1, 2, 3, 4].map(idOf))
  })

  it('finds duplicate ids among many appends, per log', async () => {
    const store = createMemoryStore()
    const append = (ids: readonly number[], tenantId: string | null) =>
      store.transact(PLATFORM, async (tx) => {
        for (const n of ids) await tx.audit.append(makeAudit(n, { tenantId }))
        return (await tx.audit.list({ page: { limit: 500 } })).items.length
      })
    const many = Array.from({ length: 30 }, (_, n) => n)
    expect(await append(many, null)).toBe(30)
    expect(await append(many, 'acme')).toBe(30)
    expect(await codeOf(append([...many.map((n) => n + 100), 100], null))).toBe('DUPLICATE_KEY')
    expect(await codeOf(append([7], 'acme'))).toBe('DUPLICATE_KEY')
  })
})

describe('savepoints', () => {
  it('undo exactly what came after them, in tables, logs and indexes', async () => {
    const store = createMemoryStore()
    const { user, tenantAccount } = await addMember(store, 1)
    await store.transact(ACME, async (tx) => {
      await tx.users.update(rename(user.id, 1, 'outer'))
      await tx.memberships.insert(makeMembership(10, tenantAccount))
      await tx.audit.append(makeAudit(1))
      const failed = tx.transact(async (nested) => {
        await nested.users.update(rename(user.id, 2, 'inner'))
        await nested.memberships.delete({ id: idOf(10), expectedVersion: 1 })
        await nested.memberships.insert(makeMembership(11, tenantAccount))
        await nested.audit.append(makeAudit(2))
        await nested.outbox.append(makeEvent(2))
        await nested.transact((innermost) => innermost.audit.append(makeAudit(3)))
        throw new RangeError('undo')
      })
      await expect(failed).rejects.toThrow(RangeError)
      const { items } = await tx.memberships.listByTenantAccount({ tenantAccountId: tenantAccount.id })
      expect(items.map(({ id }) => id)).toEqual([idOf(10)])
      expect(await tx.users.get(user.id)).toMatchObject({ displayName: 'outer', version: 2 })
      await tx.transact((nested) => nested.audit.append(makeAudit(4)))
    })
    await store.read(ACME, async (reader) => {
      const { items } = await reader.audit.list()
      expect(items.map(({ id }) => id)).toEqual([idOf(1), idOf(4)])
      expect((await reader.outbox.list()).items).toEqual([])
      expect(await reader.users.get(user.id)).toMatchObject({ displayName: 'outer', version: 2 })
    })
  })
})

describe('what others commit meanwhile', () => {
  /** Runs `first` up to the end of its own calls, then `second` as a whole, then the commit of `first`. */
  async function interleave(
    first: (tx: StoreTransaction) => Promise<unknown>,
    second: (tx: StoreTransaction) => Promise<unknown>,
    store = createMemoryStore(),
  ) {
    const [hasWritten, mayCommit] = [createGate(), createGate()]
    const result = store.transact(PLATFORM, async (tx) => {
      await first(tx)
      hasWritten.open()
      await mayCommit.opened
    })
    await hasWritten.opened
    await store.transact(PLATFORM, second)
    mayCommit.open()
    return result.then(
      () => null,
      (error: unknown) => (isUserEngineError(error) ? { code: error.code, data: error.data } : error),
    )
  }

  it('an id, a key or an identity that is taken at the commit is refused there, and nothing is left', async () => {
    const store = createMemoryStore()
    const insert = (n: number) => (tx: StoreTransaction) => tx.users.insert(makeUser(n))
    expect(await interleave(insert(1), insert(1), store)).toEqual({
      code: 'DUPLICATE_KEY',
      data: { entity: 'user', key: 'id' },
    })
    const link = (n: number, subject: string) => async (tx: StoreTransaction) => {
      await tx.audit.append(makeAudit(n, { tenantId: null }))
      await tx.externalIdentities.insert(makeIdentity(n, idOf(1), subject))
    }
    expect(await interleave(link(10, 'same'), link(11, 'same'), store)).toEqual({
      code: 'DUPLICATE_IDENTITY',
      data: {},
    })
    const { items } = await store.read(PLATFORM, (reader) => reader.audit.list())
    expect(items.map(({ id }) => id)).toEqual([idOf(11)])
    const audit = (tx: StoreTransaction) => tx.audit.append(makeAudit(20))
    expect(await interleave(audit, audit, store)).toMatchObject({ code: 'DUPLICATE_KEY' })
    const event = (tx: StoreTransaction) => tx.outbox.append(makeEvent(20))
    expect(await interleave(event, event, store)).toMatchObject({ code: 'DUPLICATE_KEY' })
  })

  it('a change that was overtaken is VERSION_CONFLICT with both versions, a deleted record NOT_FOUND', async () => {
    const store = createMemoryStore()
    await store.transact(PLATFORM, async (tx) => {
      await tx.users.insert(makeUser(1))
      await tx.externalIdentities.insert(makeIdentity(2, idOf(1)))
    })
    const update = (tx: StoreTransaction) => tx.users.update(rename(idOf(1), 1, 'mine'))
    expect(await interleave(update, update, store)).toEqual({
      code: 'VERSION_CONFLICT',
      data: { entity: 'user', id: idOf(1), expectedVersion: 1, currentVersion: 2 },
    })
    const unlink = (tx: StoreTransaction) => tx.externalIdentities.delete({ id: idOf(2), expectedVersion: 1 })
    expect(await interleave(unlink, unlink, store)).toEqual({
      code: 'NOT_FOUND',
      data: { entity: 'external-identity', id: idOf(2) },
    })
  })

  it('unrelated commits do not disturb, and a key that others have freed may be taken', async () => {
    const store = createMemoryStore()
    await store.transact(PLATFORM, async (tx) => {
      await tx.users.insert(makeUser(1))
      await tx.externalIdentities.insert(makeIdentity(2, idOf(1), 'free'))
    })
    const unlinkLater = async (tx: StoreTransaction) => {
      await tx.externalIdentities.delete({ id: idOf(2), expectedVersion: 1 })
      await tx.externalIdentities.insert(makeIdentity(3, idOf(1), 'free'))
    }
    expect(await interleave(unlinkLater, (tx) => tx.users.insert(makeUser(9)), store)).toBeNull()
    const { items } = await store.read(PLATFORM, (reader) =>
      reader.externalIdentities.listByUser({ userId: idOf(1) }),
    )
    expect(items.map(({ id }) => id)).toEqual([idOf(3)])
  })

  it('is seen by the next call of a transaction, and by nobody before its commit [TXN-06]', async () => {
    const store = createMemoryStore()
    const { user } = await addMember(store, 1)
    const seen: (string | null | undefined)[] = []
    const failure = await interleave(
      async (tx) => {
        await tx.users.update(rename(user.id, 1, 'mine'))
        await tx.users.insert(makeUser(50))
      },
      async (tx) => {
        seen.push((await tx.users.get(user.id))?.displayName)
        seen.push((await tx.users.get(idOf(50)))?.id)
      },
      store,
    )
    expect(failure).toBeNull()
    expect(seen).toEqual(['Ada', undefined])

    const gate = createGate()
    const names = store.transact(OTHER, async (tx) => {
      const before = (await tx.users.list()).items.length
      await gate.opened
      return [before, (await tx.users.list()).items.length]
    })
    await addMember(store, 60, 'other')
    gate.open()
    expect(await names).toEqual([0, 1])
  })
})
