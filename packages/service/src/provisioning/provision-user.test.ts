import { expect, test } from 'vitest'
import { defineAttribute } from '../testing/definitions.ts'
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
  versionOf,
  type World,
} from '../testing/world.ts'
import type { ProvisionUserInput } from './provision-input.ts'

const INPUT = {
  user: { kind: 'person', displayName: 'Ada' },
  account: { kind: 'human', name: 'ada' },
  identity: { issuer: 'https://idp.example', subject: 'ada' },
  memberships: [
    { group: 'staff', role: 'editor' },
    { group: 'staff', role: 'reader' },
  ],
} satisfies ProvisionUserInput

const provision = ({ engine }: World, changes: Partial<ProvisionUserInput> = {}, context = TENANT) =>
  engine.provisionUser(context, { ...INPUT, ...changes })

const membershipsOf = async ({ engine }: World, tenantAccountId: string) => {
  const { items } = await engine.memberships.listByTenantAccount(TENANT, { tenantAccountId })
  return items.map(({ group, role, validUntil }) => `${group}/${role}${validUntil === null ? '' : ' until'}`)
}

async function profileOf(world: World) {
  const city = defineAttribute({ key: 'city', constraints: { maxLength: 20 } })
  const { id: catalogId } = await publishCatalog(world, { attributes: [city] })
  return (text: string): NonNullable<ProvisionUserInput['profile']> => ({
    catalogId,
    source: 'scim',
    audience: 'platform',
    values: [{ level: 'tenant', attributeKey: 'city', value: text }],
  })
}

test('a new identity gets everything at once, and each part its record and event', async () => {
  const world = await openWorld()
  const profile = await profileOf(world)
  const { result, audit, events } = await trace(world, TENANT, () =>
    provision(world, { profile: profile('Bern') }),
  )
  const { userId, accountId, tenantAccountId } = result
  expect(result).toEqual({
    outcome: 'created',
    userId,
    accountId,
    tenantAccountId,
    changed: [
      'user',
      'account',
      'external-identity',
      'tenant-account',
      'membership:staff/editor',
      'membership:staff/reader',
      'profile-value:tenant/city',
    ],
  })
  const { engine } = world
  expect(await engine.externalIdentities.resolve(TENANT, INPUT.identity)).toMatchObject({
    user: { id: userId, displayName: 'Ada', kind: 'person', status: 'active' },
  })
  expect(await engine.accounts.get(TENANT, { id: accountId })).toMatchObject({ userId, ...INPUT.account })
  expect(await engine.tenantAccounts.get(TENANT, { id: tenantAccountId })).toMatchObject({
    accountId,
    status: 'active',
  })
  expect(await membershipsOf(world, tenantAccountId)).toEqual(['staff/editor', 'staff/reader'])
  const { items } = await engine.profiles.listValues(TENANT, { userId })
  expect(items).toMatchObject([{ value: 'Bern', provenance: { source: 'scim', actor: TENANT.actor } }])

  expect(audit.map(({ action }) => action)).toEqual([
    'user.create',
    'account.create',
    'tenant-account.join',
    'external-identity.link',
    'membership.grant',
    'membership.grant',
    'profile-value.set',
  ])
  expect(events).toHaveLength(audit.length)
  expect(new Set([...audit, ...events].map(({ correlationId }) => correlationId)).size).toBe(1)
})

test('repeating it changes nothing and leaves no trace', async () => {
  const world = await openWorld()
  const profile = (await profileOf(world))('Bern')
  const first = await provision(world, { profile })
  const again = await trace(world, TENANT, () => provision(world, { profile }))
  expect(again).toEqual({ result: { ...first, outcome: 'unchanged', changed: [] }, audit: [], events: [] })
})

test('only what differs is written', async () => {
  const world = await openWorld()
  const profile = await profileOf(world)
  const first = await provision(world, { profile: profile('Bern') })
  const { result, audit, events } = await trace(world, TENANT, () =>
    provision(world, {
      user: { kind: 'person', displayName: 'Ada Lovelace' },
      account: { kind: 'human', name: 'lovelace' },
      memberships: [...INPUT.memberships, { group: 'board', role: 'chair' }],
      profile: profile('Basel'),
    }),
  )
  expect(result).toEqual({
    ...first,
    outcome: 'updated',
    changed: ['user.displayName', 'account.name', 'membership:board/chair', 'profile-value:tenant/city'],
  })
  expect(audit.map(({ action }) => action)).toEqual([
    'user.update',
    'account.update',
    'membership.grant',
    'profile-value.set',
  ])
  expect(events).toHaveLength(4)
  expect(await world.engine.users.get(TENANT, { id: first.userId })).toMatchObject({
    displayName: 'Ada Lovelace',
    version: 2,
  })
})

test('other memberships stay, unless they are to be replaced', async () => {
  const world = await openWorld()
  const { tenantAccountId } = await provision(world)
  const memberships = [{ group: 'board', role: 'chair' }]
  expect(await provision(world, { memberships })).toMatchObject({ changed: ['membership:board/chair'] })
  expect(await membershipsOf(world, tenantAccountId)).toEqual(['board/chair', 'staff/editor', 'staff/reader'])
  const replaced = await provision(world, { memberships, replaceMemberships: true })
  expect(replaced.changed).toEqual(['membership:staff/editor', 'membership:staff/reader'])
  expect(await membershipsOf(world, tenantAccountId)).toEqual(['board/chair'])
  await provision(world, { memberships: [], replaceMemberships: true })
  expect(await membershipsOf(world, tenantAccountId)).toEqual([])
})

test('a membership that has run out holds again, one that still runs is left alone', async () => {
  const world = await openWorld()
  const { tenantAccountId } = await provision(world, { memberships: [] })
  const grant = { tenantAccountId, group: 'staff' }
  await world.engine.memberships.grant(TENANT, {
    ...grant,
    role: 'editor',
    validUntil: '2025-01-01T00:00:00.000Z',
  })
  await world.engine.memberships.grant(TENANT, {
    ...grant,
    role: 'reader',
    validUntil: '2027-01-01T00:00:00.000Z',
  })
  expect(await provision(world)).toMatchObject({ outcome: 'updated', changed: ['membership:staff/editor'] })
  expect(await membershipsOf(world, tenantAccountId)).toEqual(['staff/editor', 'staff/reader until'])
  expect(await provision(world)).toMatchObject({ outcome: 'unchanged' })
})

test('whoever has left comes back, whoever is suspended stays suspended', async () => {
  const world = await openWorld()
  const { tenantAccountId } = await provision(world)
  const { tenantAccounts } = world.engine
  const current = async () => {
    const found = await tenantAccounts.get(TENANT, { id: tenantAccountId })
    if (found === null) throw new Error('the tenant account is gone')
    return found
  }
  await tenantAccounts.leave(TENANT, versionOf(await current()))
  expect(await provision(world)).toMatchObject({
    outcome: 'updated',
    changed: ['tenant-account'],
    tenantAccountId,
  })
  expect(await current()).toMatchObject({ status: 'active', version: 3 })
  await tenantAccounts.suspend(TENANT, versionOf(await current()))
  expect(await provision(world)).toMatchObject({ outcome: 'unchanged' })
  expect(await current()).toMatchObject({ status: 'suspended', version: 4 })
})

test('a user who has no account of the kind in the tenant gets one', async () => {
  const world = await openWorld()
  const { user } = await createMember(world)
  await world.engine.externalIdentities.link(TENANT, { userId: user.id, ...INPUT.identity })
  const wanted = {
    user: { kind: 'person', displayName: CANARY },
    account: { kind: 'service', name: null },
  } as const
  const { result, audit } = await trace(world, TENANT, () => provision(world, { ...wanted, memberships: [] }))
  expect(result).toMatchObject({
    outcome: 'updated',
    userId: user.id,
    changed: ['account', 'tenant-account'],
  })
  // The user's version is what keeps two provisionings at once from adding the account twice.
  expect(audit.map(({ action }) => action)).toEqual(['user.update', 'account.create', 'tenant-account.join'])
  expect(await provision(world, { ...wanted, memberships: [] })).toMatchObject({
    outcome: 'unchanged',
    accountId: result.accountId,
  })
})

test('deactivation is final for users and accounts alike, and the refusal is on record', async () => {
  const world = await openWorld()
  const { userId, accountId } = await provision(world)
  const account = await world.engine.accounts.get(TENANT, { id: accountId })
  await world.engine.accounts.deactivate(TENANT, { id: accountId, expectedVersion: account?.version ?? 0 })
  await expect(provision(world)).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { entity: 'account', id: accountId, state: 'deactivated' },
  })
  await world.engine.users.deactivate(TENANT, { id: userId, expectedVersion: 1 })
  await expect(provision(world)).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { entity: 'user', id: userId, state: 'deactivated' },
  })
  const refusals = (await auditOf(world, TENANT)).filter(({ outcome }) => outcome === 'failed')
  expect(refusals).toMatchObject([
    { action: 'user.provision', reason: 'INVALID_STATE', target: { type: 'user', id: '*' } },
    { action: 'user.provision', reason: 'INVALID_STATE' },
  ])
})

test('an identity of a user the tenant does not see is DUPLICATE_IDENTITY, and nothing of it remains', async () => {
  const world = await openWorld()
  const { user } = await createMember(world, OTHER_TENANT)
  await world.engine.externalIdentities.link(OTHER_TENANT, { userId: user.id, ...INPUT.identity })
  const before = await countsOf(world, PLATFORM.scope)
  const { audit, events } = await trace(world, TENANT, () =>
    expect(provision(world)).rejects.toMatchObject({ code: 'DUPLICATE_IDENTITY', data: {} }),
  )
  expect(events).toEqual([])
  expect(audit).toMatchObject([{ outcome: 'failed', reason: 'DUPLICATE_IDENTITY' }])
  expect(await countsOf(world, PLATFORM.scope)).toEqual(before)
})

test('provisionings of one identity at once make one user', async () => {
  const world = await openWorld()
  const profile = (await profileOf(world))('Bern')
  const results = await Promise.all(Array.from({ length: 6 }, () => provision(world, { profile })))
  expect(new Set(results.map(({ userId }) => userId)).size).toBe(1)
  expect(results.map(({ outcome }) => outcome).sort()).toEqual(['created', ...Array(5).fill('unchanged')])
  expect(await countsOf(world, TENANT.scope)).toMatchObject({
    user: 1,
    account: 1,
    membership: 2,
    'profile-value': 1,
  })
})

test('changes of one user at once come to one end', async () => {
  const world = await openWorld()
  const { userId } = await provision(world)
  const names = ['a', 'b', 'c', 'd']
  await Promise.all(names.map((displayName) => provision(world, { user: { kind: 'person', displayName } })))
  expect(names).toContain((await world.engine.users.get(TENANT, { id: userId }))?.displayName)
})

test('a value that does not fit or may not be edited refuses the whole', async () => {
  const world = await openWorld()
  const profile = await profileOf(world)
  const readOnly = await publishCatalog(world, {
    key: 'fixed',
    attributes: [defineAttribute({ key: 'city', editors: [] })],
  })
  const before = await countsOf(world, TENANT.scope)
  await expect(provision(world, { profile: profile('x'.repeat(21)) })).rejects.toMatchObject({
    code: 'CATALOG_VIOLATION',
  })
  await expect(
    provision(world, { profile: { ...profile('x'), catalogId: readOnly.id } }),
  ).rejects.toMatchObject({
    code: 'ACCESS_DENIED',
    data: { action: 'user.provision', reason: 'audience may not edit' },
  })
  expect(await countsOf(world, TENANT.scope)).toEqual({
    ...before,
    'audit-record': before['audit-record'] + 2,
  })
})

test('provisioning belongs to a tenant', async () => {
  const world = await openWorld()
  await expect(provision(world, {}, PLATFORM)).rejects.toMatchObject({
    code: 'SCOPE_NOT_ALLOWED',
    data: { entity: 'tenant-account', allowed: 'tenant' },
  })
})

test('neither names nor subjects nor values reach audit records and events [DIA-02]', async () => {
  const world = await openWorld()
  const profile = await profileOf(world)
  const { audit, events } = await trace(world, TENANT, async () => {
    for (const suffix of ['1', '2']) {
      await provision(world, {
        user: { kind: 'person', displayName: CANARY + suffix },
        account: { kind: 'human', name: CANARY + suffix },
        identity: { issuer: CANARY, subject: CANARY },
        profile: profile(CANARY + suffix),
      })
    }
  })
  expect(audit.length).toBeGreaterThan(8)
  expect(JSON.stringify([audit, events])).not.toContain(CANARY)
})
