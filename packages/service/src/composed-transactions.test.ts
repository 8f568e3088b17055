import { UserEngineError } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { createUserEngineService } from './create-user-engine-service.ts'
import { delegate } from './testing/round-trips.ts'
import {
  auditOf,
  countsOf,
  createMember,
  eventsOf,
  OTHER_TENANT,
  openWorld,
  PLATFORM,
  TENANT,
  trace,
  versionOf,
} from './testing/world.ts'

const PERSON = { kind: 'person' } as const

test('commands of one transaction are committed together, in one correlation', async () => {
  const world = await openWorld()
  const { result, audit, events } = await trace(world, TENANT, () =>
    world.engine.transaction({ ...TENANT, correlationId: 'sign-up-1' }, async (inner) => {
      const user = await inner.users.create(TENANT, PERSON)
      const account = await inner.accounts.create(TENANT, { userId: user.id, kind: 'human' })
      const invited = await inner.tenantAccounts.invite(TENANT, { accountId: account.id })
      // What the transaction has written it sees; nobody else does yet [TXN-06].
      expect(await inner.users.get(TENANT, { id: user.id })).toEqual(user)
      expect(await world.engine.users.get(PLATFORM, { id: user.id })).toBeNull()
      return invited
    }),
  )
  expect(result).toMatchObject({ status: 'invited' })
  expect(audit.map(({ action }) => action)).toEqual([
    'user.create',
    'account.create',
    'tenant-account.invite',
  ])
  expect(events).toHaveLength(3)
  expect(new Set([...audit, ...events].map(({ correlationId }) => correlationId))).toEqual(
    new Set(['sign-up-1']),
  )
})

test('without a correlation id of their own, inner commands share a new one', async () => {
  const world = await openWorld()
  const { audit } = await trace(world, PLATFORM, () =>
    world.engine.transaction(PLATFORM, async (inner) => {
      await inner.users.create(PLATFORM, PERSON)
      await inner.users.create({ ...PLATFORM, correlationId: 'own' }, PERSON)
      await inner.users.create(PLATFORM, PERSON)
    }),
  )
  const [first, second, third] = audit.map(({ correlationId }) => correlationId)
  expect(first).toBe(third)
  expect(second).toBe('own')
})

test('an inner failure that is caught undoes the inner command only [TXN-05]', async () => {
  const world = await openWorld()
  const taken = await world.engine.users.create(PLATFORM, PERSON)
  const { result, audit } = await trace(world, PLATFORM, () =>
    world.engine.transaction(PLATFORM, async (inner) => {
      const before = await inner.users.create(PLATFORM, PERSON)
      await expect(inner.users.create(PLATFORM, { ...PERSON, id: taken.id })).rejects.toMatchObject({
        code: 'DUPLICATE_KEY',
      })
      await expect(inner.users.list(PLATFORM, { page: { cursor: 'bad' } })).rejects.toMatchObject({
        code: 'CURSOR_INVALID',
      })
      return [before, await inner.users.create(PLATFORM, PERSON)]
    }),
  )
  expect(audit.map(({ target }) => target.id)).toEqual(result.map(({ id }) => id))
  expect((await world.engine.users.list(PLATFORM)).items).toHaveLength(3)
})

test('queries within a transaction are nested as well, so that a refused one aborts nothing [TXN-05]', async () => {
  const world = await openWorld()
  const nested: string[] = []
  const store = delegate(world.store)
  const engine = createUserEngineService({
    authorization: world.authorization,
    store: {
      ...store,
      transact: (scope, work, options) =>
        store.transact(
          scope,
          (tx) =>
            work(
              new Proxy(tx, {
                get(target, name) {
                  nested.push(String(name))
                  const member: unknown = Reflect.get(target, name, target)
                  return typeof member === 'function' ? member.bind(target) : member
                },
              }),
            ),
          options,
        ),
    },
  })
  await engine.transaction(PLATFORM, async (inner) => {
    await inner.users.list(PLATFORM)
    await inner.countRecords(PLATFORM)
  })
  expect(nested).toEqual(['transact', 'transact'])
})

test('transactions nest, and each level is undone on its own', async () => {
  const { engine } = await openWorld()
  const kept = await engine.transaction(PLATFORM, async (outer) => {
    const first = await outer.users.create(PLATFORM, PERSON)
    const middle = outer.transaction(PLATFORM, async (inner) => {
      await inner.users.create(PLATFORM, PERSON)
      await inner.transaction(PLATFORM, (innermost) => innermost.users.create(PLATFORM, PERSON))
      throw new UserEngineError('INTERNAL', { reference: 'gone' })
    })
    await expect(middle).rejects.toMatchObject({ code: 'INTERNAL' })
    return [first, await outer.transaction(PLATFORM, (inner) => inner.users.create(PLATFORM, PERSON))]
  })
  expect((await engine.users.list(PLATFORM)).items).toEqual(kept)
})

test('a denial inside stays on record when the transaction is rolled back [AUD-03]', async () => {
  const world = await openWorld()
  world.authorization.deny('user.suspend', 'not yours')
  const { user } = await createMember(world)
  const { audit, events } = await trace(world, TENANT, () =>
    expect(
      world.engine.transaction(TENANT, async (inner) => {
        await inner.users.update(TENANT, { ...versionOf(user), displayName: 'x' })
        await inner.users.suspend(TENANT, { id: user.id, expectedVersion: 2 })
      }),
    ).rejects.toMatchObject({ code: 'ACCESS_DENIED', data: { action: 'user.suspend' } }),
  )
  expect(audit).toMatchObject([{ action: 'user.suspend', outcome: 'denied', target: { id: user.id } }])
  expect(events).toEqual([])
  expect(await world.engine.users.get(TENANT, { id: user.id })).toEqual(user)
})

test('a denial that is caught leaves the rest of the transaction alone', async () => {
  const world = await openWorld()
  world.authorization.deny('user.list', 'no lists')
  await world.engine.transaction(PLATFORM, async (inner) => {
    await inner.users.create(PLATFORM, PERSON)
    await expect(inner.users.list(PLATFORM)).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    // Durable before the caller learns of it: already there for everybody else.
    expect(await auditOf(world, PLATFORM)).toMatchObject([{ action: 'user.list', outcome: 'denied' }])
  })
  expect((await auditOf(world, PLATFORM)).map(({ outcome }) => outcome).sort()).toEqual(['allowed', 'denied'])
})

test('a refusal of the domain inside stays on record as well', async () => {
  const world = await openWorld()
  const user = await world.engine.users.create(PLATFORM, PERSON)
  const { audit } = await trace(world, PLATFORM, () =>
    expect(
      world.engine.transaction(PLATFORM, (inner) => inner.users.reactivate(PLATFORM, versionOf(user))),
    ).rejects.toMatchObject({ code: 'INVALID_STATE' }),
  )
  expect(audit).toMatchObject([{ action: 'user.reactivate', outcome: 'failed', reason: 'INVALID_STATE' }])
})

test.each([
  ['another tenant', OTHER_TENANT, 'SCOPE_INVALID'],
  ['the platform', PLATFORM, 'SCOPE_INVALID'],
  ['an idempotency key', { ...TENANT, idempotencyKey: 'k' }, 'VALIDATION'],
  ['a time limit', { ...TENANT, timeoutMs: 100 }, 'VALIDATION'],
])('an inner context with %s is refused', async (_name, context, code) => {
  const { engine } = await openWorld()
  await engine.transaction(TENANT, async (inner) => {
    await expect(inner.users.create(context, PERSON)).rejects.toMatchObject({ code })
    await expect(inner.users.list(context)).rejects.toMatchObject({ code })
    await expect(inner.transaction(context, async () => null)).rejects.toMatchObject({ code })
  })
})

test('a repeated transaction returns its first result; with another input it is a mismatch [TXN-04]', async () => {
  const world = await openWorld()
  const register = (input: string) =>
    world.engine.transaction(
      { ...PLATFORM, idempotencyKey: 'sign-up' },
      (inner) => inner.users.create(PLATFORM, { ...PERSON, displayName: input }),
      { input },
    )
  const first = await register('Ada')
  expect(await register('Ada')).toEqual(first)
  await expect(register('Grace')).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' })
  expect(await countsOf(world, PLATFORM.scope)).toMatchObject({ user: 1 })
})

test('the inner service ends with its transaction [TXN-08]', async () => {
  const { engine } = await openWorld()
  const kept = await engine.transaction(PLATFORM, async (inner) => [inner])
  await expect(kept[0]?.users.create(PLATFORM, PERSON)).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' })
})

test('inner commands are made one after the other [TXN-08]', async () => {
  const { engine } = await openWorld()
  await engine.transaction(PLATFORM, async (inner) => {
    const first = inner.transaction(PLATFORM, async (open) => {
      await expect(inner.users.create(PLATFORM, PERSON)).rejects.toMatchObject({ code: 'TRANSACTION_BUSY' })
      return await open.users.create(PLATFORM, PERSON)
    })
    await first
  })
  expect((await engine.users.list(PLATFORM)).items).toHaveLength(1)
})

test('a wrong context or input of a transaction is refused before it begins', async () => {
  const { engine } = await openWorld()
  const unreached = () => Promise.reject(new Error('begun'))
  await expect(engine.transaction({ ...TENANT, scope: { tenantId: '' } }, unreached)).rejects.toMatchObject({
    code: 'SCOPE_INVALID',
  })
  await expect(engine.transaction(TENANT, unreached, { input: Number.NaN })).rejects.toMatchObject({
    code: 'VALIDATION',
  })
})

test('events of a transaction that fails are never seen [OBX-01]', async () => {
  const world = await openWorld()
  const failed = world.engine.transaction(PLATFORM, async (inner) => {
    await inner.users.create(PLATFORM, PERSON)
    throw new TypeError('bug')
  })
  await expect(failed).rejects.toThrow(TypeError)
  expect(await eventsOf(world, PLATFORM)).toEqual([])
  const lease = await world.store.outbox.claim({ consumer: 'test', limit: 10, leaseMs: 1_000 })
  expect(lease.deliveries).toEqual([])
})
