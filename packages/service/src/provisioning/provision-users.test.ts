import { describe, expect, test } from 'vitest'
import { defineAttribute } from '../testing/definitions.ts'
import { openTestStore } from '../testing/open-test-store.ts'
import { openPostgresStore } from '../testing/postgres-store.ts'
import {
  auditOf,
  CANARY,
  countsOf,
  createMember,
  OTHER_TENANT,
  openWorld,
  PLATFORM,
  publishCatalog,
  TENANT,
  trace,
  type World,
} from '../testing/world.ts'
import type { ProvisionUserInput } from './provision-input.ts'
import { MAX_PROVISIONED_USERS, type ProvisioningOutcome } from './provision-users.ts'

const newcomer = (subject: string, changes: Partial<ProvisionUserInput> = {}): ProvisionUserInput => ({
  user: { kind: 'person', displayName: subject },
  account: { kind: 'human', name: subject },
  identity: { issuer: 'https://idp.example', subject },
  memberships: [{ group: 'staff', role: 'reader' }],
  ...changes,
})

const provision = ({ engine }: World, users: readonly ProvisionUserInput[]) =>
  engine.provisionUsers(TENANT, { users })

const named = (count: number) => Array.from({ length: count }, (_, n) => newcomer(`user-${n}`))

const briefly = (outcomes: readonly ProvisioningOutcome[]) =>
  outcomes.map((one) => (one.outcome === 'refused' ? one.error.code : one.outcome))

async function cityOf(world: World, editors?: 'nobody') {
  const city = defineAttribute({
    key: 'city',
    constraints: { maxLength: 20 },
    ...(editors === 'nobody' ? { editors: [] } : {}),
  })
  const { id: catalogId } = await publishCatalog(world, { key: editors ?? 'city', attributes: [city] })
  return (value: string): Partial<ProvisionUserInput> => ({
    profile: {
      catalogId,
      source: 'scim',
      audience: 'platform',
      values: [{ level: 'tenant', attributeKey: 'city', value }],
    },
  })
}

/** Somebody of another tenant who has this identity. */
async function addStranger(world: World, subject: string): Promise<void> {
  const { user } = await createMember(world, OTHER_TENANT)
  const identity = { issuer: 'https://idp.example', subject }
  await world.engine.externalIdentities.link(OTHER_TENANT, { userId: user.id, ...identity })
}

describe.each([
  ['store-memory', openTestStore],
  ['store-postgres', openPostgresStore],
] as const)('%s', (_, openStore) => {
  const open = () => openStore()

  test('many are the same as one after the other: records, audit trail and events', async () => {
    const [together, alone] = [await openWorld(open), await openWorld(open)]
    const users = named(20)
    const traced = await trace(together, TENANT, () => provision(together, users))
    expect(briefly(traced.result)).toEqual(Array(20).fill('created'))
    const expected = await trace(alone, TENANT, async () => {
      for (const user of users) await alone.engine.provisionUser(TENANT, user)
    })
    const actions = (log: readonly { readonly action: string }[]) => log.map(({ action }) => action)
    expect(actions(traced.audit)).toEqual(actions(expected.audit))
    expect(traced.events.map(({ type }) => type)).toEqual(expected.events.map(({ type }) => type))
    expect(await countsOf(together, TENANT.scope)).toEqual(await countsOf(alone, TENANT.scope))
    for (const [index, { identity }] of users.entries()) {
      const found = await together.engine.externalIdentities.resolve(TENANT, identity)
      const outcome = traced.result[index]
      expect(outcome).toMatchObject({ userId: found?.user.id })
      expect(found?.user.displayName).toBe(users[index]?.user.displayName)
    }
  })

  test('repeating it changes nothing and leaves no trace; what differs is written', async () => {
    const world = await openWorld(open)
    const users = named(10)
    await provision(world, users)
    const again = await trace(world, TENANT, () => provision(world, users))
    expect(briefly(again.result)).toEqual(Array(10).fill('unchanged'))
    expect([again.audit, again.events]).toEqual([[], []])
    const renamed = users.map((user, n) =>
      n === 3 ? { ...user, user: { ...user.user, displayName: 'Ada' } } : user,
    )
    const outcomes = await provision(world, [...renamed, newcomer('new')])
    expect(briefly(outcomes).filter((outcome) => outcome !== 'unchanged')).toEqual(['updated', 'created'])
    expect(outcomes[3]).toMatchObject({ outcome: 'updated', changed: ['user.displayName'] })
  })

  test('whoever is refused is told why and is on record; nothing of it is written, and the others are there', async () => {
    const world = await openWorld(open)
    const [city, fixed] = [await cityOf(world), await cityOf(world, 'nobody')]
    await addStranger(world, 'stranger')
    const gone = await world.engine.provisionUser(TENANT, newcomer('gone'))
    await world.engine.users.deactivate(TENANT, { id: gone.userId, expectedVersion: 1 })
    const users = [
      newcomer('first', city('Bern')),
      newcomer('long', city(CANARY.repeat(9))),
      newcomer('stranger'),
      newcomer('fixed', fixed('Bern')),
      newcomer('gone'),
      { ...newcomer('wrong'), memberships: [{ group: CANARY.toUpperCase(), role: 'reader' }] },
      newcomer('last', city('Basel')),
    ]
    const { result, audit } = await trace(world, TENANT, () => provision(world, users))
    expect(briefly(result)).toEqual([
      'created',
      'CATALOG_VIOLATION',
      'DUPLICATE_IDENTITY',
      'ACCESS_DENIED',
      'INVALID_STATE',
      'VALIDATION',
      'created',
    ])
    expect(result[5]).toMatchObject({ error: { data: { issues: [{ path: 'memberships[0].group' }] } } })
    expect(JSON.stringify(result)).not.toContain(CANARY)
    const refusals = audit.filter(({ outcome }) => outcome !== 'allowed')
    expect(refusals.map(({ outcome, reason }) => `${outcome} ${reason}`)).toEqual([
      'failed CATALOG_VIOLATION',
      'failed DUPLICATE_IDENTITY',
      'denied audience may not edit',
      'failed INVALID_STATE',
    ])
    const { items } = await world.engine.users.list(TENANT, {})
    expect(items.map(({ displayName }) => displayName).toSorted()).toEqual(['first', 'gone', 'last'])
  })

  test('users who share an identity are provisioned one after the other', async () => {
    const world = await openWorld(open)
    const again = newcomer('ada', { user: { kind: 'person', displayName: 'Ada Lovelace' } })
    const outcomes = await provision(world, [newcomer('ada'), newcomer('bob'), again, again])
    expect(briefly(outcomes)).toEqual(['created', 'created', 'updated', 'unchanged'])
    expect(await countsOf(world, TENANT.scope)).toMatchObject({ user: 2, account: 2 })
  })

  test('one who is in the way of all costs nobody else anything', async () => {
    const world = await openWorld(open)
    await addStranger(world, 'user-4')
    await addStranger(world, 'user-17')
    const outcomes = await provision(world, named(20))
    expect(briefly(outcomes)).toEqual(
      Array.from({ length: 20 }, (_, n) => (n === 4 || n === 17 ? 'DUPLICATE_IDENTITY' : 'created')),
    )
    expect(await countsOf(world, TENANT.scope)).toMatchObject({ user: 18 })
  })

  test('the same many at once make each user once', async () => {
    const world = await openWorld(open)
    const users = named(12)
    const results = await Promise.all(
      [users, users.toReversed(), users].map((some) => provision(world, some)),
    )
    expect(results.flatMap(briefly).toSorted()).toEqual([
      ...Array(12).fill('created'),
      ...Array(24).fill('unchanged'),
    ])
    expect(await countsOf(world, TENANT.scope)).toMatchObject({ user: 12, account: 12, membership: 12 })
  })

  test('the port is asked once, and a denial concerns all', async () => {
    const world = await openWorld(open)
    await provision(world, named(3))
    expect(world.authorization.requests).toHaveLength(1)
    world.authorization.deny('user.provision', 'not yours')
    await expect(provision(world, named(3))).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    expect((await auditOf(world, TENANT)).filter(({ outcome }) => outcome === 'denied')).toHaveLength(1)
  })

  test('with an idempotency key the outcomes come back, the refusals too [TXN-04]', async () => {
    const world = await openWorld(open)
    await addStranger(world, 'user-1')
    const once = { ...TENANT, idempotencyKey: 'once' }
    const first = await world.engine.provisionUsers(once, { users: named(3) })
    expect(briefly(first)).toEqual(['created', 'DUPLICATE_IDENTITY', 'created'])
    expect(await world.engine.provisionUsers(once, { users: named(3) })).toEqual(first)
  })

  test('within a transaction the users go when it fails, and stay when it does not', async () => {
    const world = await openWorld(open)
    await addStranger(world, 'user-1')
    const gone = new Error('changed my mind')
    const before = await countsOf(world, PLATFORM.scope)
    const composed = world.engine.transaction(TENANT, async (inner) => {
      expect(briefly(await inner.provisionUsers(TENANT, { users: named(3) }))).toContain('created')
      throw gone
    })
    await expect(composed).rejects.toBe(gone)
    expect(await countsOf(world, PLATFORM.scope)).toEqual(before)
    await world.engine.transaction(TENANT, (inner) => inner.provisionUsers(TENANT, { users: named(3) }))
    expect(await countsOf(world, TENANT.scope)).toMatchObject({ user: 2 })
  })

  test('too many, none, or a platform scope are refused', async () => {
    const { engine } = await openWorld(open)
    const issue = (expected: string) => ({
      code: 'VALIDATION',
      data: { issues: [{ path: 'users', expected }] },
    })
    await expect(engine.provisionUsers(TENANT, { users: [] })).rejects.toMatchObject(issue('at least 1'))
    const many = named(MAX_PROVISIONED_USERS + 1)
    await expect(engine.provisionUsers(TENANT, { users: many })).rejects.toMatchObject(issue('at most 500'))
    await expect(engine.provisionUsers(PLATFORM, { users: named(1) })).rejects.toMatchObject({
      code: 'SCOPE_NOT_ALLOWED',
    })
  })
})
