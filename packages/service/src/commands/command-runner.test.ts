import { UserEngineError, type UserEngineStore } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { createUserEngineService } from '../create-user-engine-service.ts'
import { createProfile } from '../testing/profile-world.ts'
import { delegate } from '../testing/round-trips.ts'
import { countsOf, openWorld, PLATFORM, TENANT, trace, versionOf, type World } from '../testing/world.ts'

const PERSON = { kind: 'person' } as const

/** A service on a store that a test has changed. */
function engineOn({ authorization }: World, store: UserEngineStore) {
  return createUserEngineService({ store, authorization })
}

test('a denial that cannot be made durable is the error, not a quiet pass [AUD-05]', async () => {
  const world = await openWorld()
  world.authorization.deny('user.create', 'no')
  const failure = new UserEngineError('DENIAL_NOT_RECORDED', { causeCode: 'UNAVAILABLE' })
  const engine = engineOn(world, { ...delegate(world.store), recordDenial: () => Promise.reject(failure) })
  await expect(engine.users.create(PLATFORM, PERSON)).rejects.toBe(failure)
})

test('a refusal of the domain that cannot be put on record is the error as well', async () => {
  const world = await openWorld()
  const user = await world.engine.users.create(PLATFORM, PERSON)
  const failure = new UserEngineError('DENIAL_NOT_RECORDED', {})
  const engine = engineOn(world, { ...delegate(world.store), recordDenial: () => Promise.reject(failure) })
  await expect(engine.users.reactivate(PLATFORM, versionOf(user))).rejects.toBe(failure)
})

test('the caller learns of a denial only when it is durable [AUD-03]', async () => {
  const world = await openWorld()
  world.authorization.deny('user.create', 'no')
  const order: string[] = []
  const engine = engineOn(world, {
    ...delegate(world.store),
    async recordDenial(scope, record) {
      await world.store.recordDenial(scope, record)
      order.push('durable')
    },
  })
  await engine.users.create(PLATFORM, PERSON).catch(() => order.push('told'))
  expect(order).toEqual(['durable', 'told'])
})

test('the store is not touched before the port has answered', async () => {
  const world = await openWorld()
  const answer = Promise.withResolvers<{ readonly allowed: true }>()
  const calls: string[] = []
  const store = delegate(world.store)
  const engine = createUserEngineService({
    authorization: { authorize: () => answer.promise },
    store: {
      ...store,
      transact(scope, work, options) {
        calls.push('transact')
        return store.transact(scope, work, options)
      },
      read(scope, work, options) {
        calls.push('read')
        return store.read(scope, work, options)
      },
    },
  })
  const pending = [engine.users.create(PLATFORM, PERSON), engine.users.list(PLATFORM)]
  await Promise.resolve()
  expect(calls).toEqual([])
  answer.resolve({ allowed: true })
  await Promise.all(pending)
  expect(calls.sort()).toEqual(['read', 'transact'])
})

test('what a store says goes on unchanged', async () => {
  const world = await openWorld()
  const failures = [
    new UserEngineError('OUTCOME_UNKNOWN', { idempotent: false }),
    new UserEngineError('UNAVAILABLE', { reason: 'overloaded' }),
    new UserEngineError('TRANSACTION_ABORTED', {}),
    new TypeError('a bug'),
  ]
  for (const failure of failures) {
    const engine = engineOn(world, { ...delegate(world.store), transact: () => Promise.reject(failure) })
    await expect(engine.users.create(PLATFORM, PERSON)).rejects.toBe(failure)
  }
  const failure = new UserEngineError('DEADLINE_EXCEEDED', { timeoutMs: 1 })
  const engine = engineOn(world, { ...delegate(world.store), read: () => Promise.reject(failure) })
  await expect(engine.users.list(PLATFORM)).rejects.toBe(failure)
})

test('time limits and idempotency keys reach the store', async () => {
  const world = await openWorld()
  const seen: unknown[] = []
  const store = delegate(world.store)
  const engine = engineOn(world, {
    ...store,
    transact(scope, work, options) {
      seen.push(options)
      return store.transact(scope, work, options)
    },
    read(scope, work, options) {
      seen.push(options)
      return store.read(scope, work, options)
    },
  })
  await engine.users.create(PLATFORM, PERSON)
  await engine.users.create({ ...PLATFORM, timeoutMs: 1_234, idempotencyKey: 'k' }, PERSON)
  await engine.users.list({ ...PLATFORM, timeoutMs: 1_234, idempotencyKey: 'k' })
  await engine.transaction({ ...PLATFORM, timeoutMs: 99 }, async () => null)
  expect(seen).toEqual([
    undefined,
    { timeoutMs: 1_234, idempotency: { key: 'k', fingerprint: expect.stringMatching(/^[\w-]{43}$/) } },
    { timeoutMs: 1_234 },
    { timeoutMs: 99 },
  ])
})

test('a transient failure of a command that decides again is tried again [TXN-09]', async () => {
  const world = await openWorld()
  const store = delegate(world.store)
  let failures = 3
  const engine = engineOn(world, {
    ...store,
    transact(scope, work, options) {
      if (failures-- > 0) return Promise.reject(new UserEngineError('SERIALIZATION_CONFLICT', {}))
      return store.transact(scope, work, options)
    },
  })
  const draft = { applicationId: null, key: 'people', attributes: [] }
  expect(await engine.catalogs.draft(PLATFORM, draft)).toMatchObject({ catalogVersion: 1 })
})

test('deciding again is bounded, and ends with what the store said last', async () => {
  const world = await openWorld()
  let tries = 0
  const taken = new UserEngineError('DUPLICATE_KEY', {
    entity: 'catalog',
    key: 'applicationId,key,catalogVersion',
  })
  const engine = engineOn(world, {
    ...delegate(world.store),
    transact() {
      tries++
      return Promise.reject(taken)
    },
  })
  const draft = { applicationId: null, key: 'people', attributes: [] }
  await expect(engine.catalogs.draft(PLATFORM, draft)).rejects.toBe(taken)
  expect(tries).toBe(14)
  tries = 0
  await expect(engine.catalogs.draft(PLATFORM, { ...draft, catalogVersion: 1 })).rejects.toBe(taken)
  expect(tries).toBe(1)
})

test('what a command itself refuses is final, and not decided again', async () => {
  const world = await openWorld()
  const { city } = await createProfile(world)
  const store = delegate(world.store)
  let tries = 0
  const engine = engineOn(world, {
    ...store,
    transact(scope, work, options) {
      tries++
      return store.transact(scope, work, options)
    },
  })
  await engine.profiles.setValue(TENANT, { ...city, value: 'Bern' })
  tries = 0
  await expect(
    engine.profiles.setValue(TENANT, { ...city, value: 'Basel', expectedVersion: 7 }),
  ).rejects.toMatchObject({ code: 'VERSION_CONFLICT' })
  expect(tries).toBe(1)
})

test('within a transaction a transient failure is its owner\u2019s to repeat', async () => {
  const world = await openWorld()
  const store = delegate(world.store)
  let tries = 0
  const conflict = new UserEngineError('SERIALIZATION_CONFLICT', {})
  const engine = engineOn(world, {
    ...store,
    transact: (scope, work, options) =>
      store.transact(
        scope,
        (tx) =>
          work({
            ...tx,
            transact() {
              tries++
              return Promise.reject(conflict)
            },
          }),
        options,
      ),
  })
  const draft = { applicationId: null, key: 'people', attributes: [] }
  await expect(engine.transaction(PLATFORM, (inner) => inner.catalogs.draft(PLATFORM, draft))).rejects.toBe(
    conflict,
  )
  expect(tries).toBe(1)
})

test('an asynchronous port is waited for, also when it denies', async () => {
  const world = await openWorld()
  const engine = createUserEngineService({
    store: world.store,
    authorization: { authorize: async () => ({ allowed: false, reason: 'slowly: no' }) },
  })
  const before = await countsOf(world, PLATFORM.scope)
  const { audit } = await trace(world, PLATFORM, () =>
    expect(engine.users.create(PLATFORM, PERSON)).rejects.toMatchObject({ data: { reason: 'slowly: no' } }),
  )
  expect(audit).toMatchObject([{ outcome: 'denied', reason: 'slowly: no' }])
  expect(await countsOf(world, PLATFORM.scope)).toEqual({
    ...before,
    'audit-record': before['audit-record'] + 1,
  })
})
