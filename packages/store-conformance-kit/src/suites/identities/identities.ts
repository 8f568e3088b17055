import type { Scope } from '@user-engine/store-protocol'
import { CHECKS_TOO_EARLY } from '../../calibration/defects.ts'
import type { RaceRound } from '../../calibration/race.ts'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ACME, OTHER, PLATFORM, type RecordMaker } from '../../records.ts'
import { LOOKALIKES } from '../values/lookalikes.ts'

export const IDENTITY_CASES: readonly ConformanceCase[] = [
  {
    id: 'IDN-01.concurrent-links-have-one-winner',
    rules: ['IDN-01', 'TXN-01'],
    title:
      'of 20 concurrent links of one identity, from two tenants and the platform, exactly one wins; the others get DUPLICATE_IDENTITY and leave no trace',
    run: ({ race, make }) =>
      race({ defect: CHECKS_TOO_EARLY, tries: 5, run: (round) => linkAtOnce(round, make) }),
  },
  {
    id: 'IDN-01.unlinked-identities-are-free',
    rules: ['IDN-01', 'VER-02'],
    title: 'an identity that was unlinked can be linked to somebody else, in the same transaction or later',
    async run({ open, check, make }) {
      const store = await open()
      const [one, two] = [
        await make.addMember(store, ACME.tenantId),
        await make.addMember(store, ACME.tenantId),
      ]
      const identity = make.identity(one.user.id)
      const { issuer, subject } = identity
      const resolve = () =>
        store.read(ACME, (reader) => reader.externalIdentities.resolve({ issuer, subject }))
      await store.transact(ACME, (tx) => tx.externalIdentities.insert(identity))
      const moved = make.identity(two.user.id, { issuer, subject })
      await check.rejects(
        store.transact(ACME, (tx) => tx.externalIdentities.insert(moved)),
        'DUPLICATE_IDENTITY',
        'linking it while it is linked',
      )
      check.equal(await resolve(), { identity, user: one.user }, 'who signs in with it after the refusal')
      await store.transact(ACME, async (tx) => {
        await tx.externalIdentities.delete({ id: identity.id, expectedVersion: 1 })
        await tx.externalIdentities.insert(moved)
      })
      check.equal(
        await resolve(),
        { identity: moved, user: two.user },
        'who signs in with it when it was moved',
      )
      await store.transact(ACME, (tx) => tx.externalIdentities.delete({ id: moved.id, expectedVersion: 1 }))
      check.equal(await resolve(), null, 'who signs in with it when it was unlinked')
      await store.transact(ACME, (tx) => tx.externalIdentities.insert(identity))
      check.equal(
        await resolve(),
        { identity, user: one.user },
        'who signs in with it when it was linked again',
      )
    },
  },
  {
    id: 'IDN-02.refusal-reveals-nothing',
    rules: ['IDN-02', 'TEN-01'],
    title:
      'the refusal of a duplicate identity is the same whether its owner is in the tenant, in another, or in none',
    run: (context) => showSilentRefusals(context),
  },
  {
    id: 'IDN-04.lookalikes-are-different',
    rules: ['IDN-04', 'IDN-01'],
    title:
      'issuers and subjects that differ only in case, accents, trailing spaces or normal form are different identities',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      const identities = LOOKALIKES.flatMap((text) => [
        make.identity(user.id, { subject: text }),
        make.identity(user.id, { issuer: text, subject: 'one' }),
      ])
      for (const [index, identity] of identities.entries()) {
        const { issuer, subject } = identity
        const resolve = () =>
          store.read(ACME, (reader) => reader.externalIdentities.resolve({ issuer, subject }))
        check.equal(await resolve(), null, `identity ${index} before it was linked`)
        await store.transact(ACME, (tx) => tx.externalIdentities.insert(identity))
        check.equal(await resolve(), { identity, user }, `identity ${index}, of exactly this key`)
      }
    },
  },
  {
    id: 'IDN-04.lookalike-filters-and-tenants-are-different',
    rules: ['IDN-04', 'TEN-01', 'AUD-06'],
    title: 'tenants, audit filters and aggregates that differ only in how they look are kept apart',
    async run({ open, check, make }) {
      const store = await open()
      const tenants = ['acme', 'Acme', 'ACME', 'acme_', 'acme%', 'acme\\', 'ac']
      for (const tenantId of tenants) {
        const { user } = await make.addMember(store, tenantId)
        const audit = make.audit(tenantId)
        await store.transact({ tenantId }, (tx) => tx.audit.append(audit))
        await store.read({ tenantId }, async (reader) => {
          check.equal((await reader.users.list()).items, [user], `the users of ${tenantId}`)
          check.equal((await reader.audit.list()).items, [audit], `the audit records of ${tenantId}`)
        })
      }
      const records = LOOKALIKES.map((text) =>
        make.audit(null, {
          actor: { type: 'user', id: text },
          target: { type: 'user', id: text },
          action: text,
        }),
      )
      await store.transact(PLATFORM, (tx) => {
        for (const record of records) void tx.audit.append(record)
      })
      for (const record of records) {
        const { actor, target, action } = record
        for (const filter of [{ actor }, { target }, { action }]) {
          const { items } = await store.read(PLATFORM, (reader) => reader.audit.list({ filter }))
          check.equal(items, [record], `audit records for ${JSON.stringify(filter)}`)
        }
      }
    },
  },
]

async function linkAtOnce({ stores, check, round }: RaceRound, make: RecordMaker): Promise<void> {
  const [store] = stores
  const tenants = [{ tenantId: `${ACME.tenantId}-${round}` }, { tenantId: `${OTHER.tenantId}-${round}` }]
  const contenders = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const tenant = tenants[index % 2] ?? ACME
      const scope: Scope = index % 5 === 4 ? PLATFORM : tenant
      return { scope, ...(await make.addMember(store, tenant.tenantId)) }
    }),
  )
  const key = { issuer: 'https://issuer.example', subject: `contended ${round}` }
  const target = { type: 'user', id: make.id() } as const
  const displayName = `linked ${round}`
  const links = contenders.map(({ user, scope }, index) =>
    (stores[index % stores.length] ?? store).transact(scope, async (tx) => {
      const tenantId = 'tenantId' in scope ? scope.tenantId : null
      await tx.audit.append(make.audit(tenantId, { target }))
      await tx.outbox.append(make.event(tenantId, { aggregateId: target.id }))
      await tx.users.update(make.update(user.id, 1, { displayName }))
      await tx.externalIdentities.insert(make.identity(user.id, key))
    }),
  )
  const results = await Promise.allSettled(links)
  const losers = results.filter((result) => result.status === 'rejected')
  check.equal(losers.length, 19, 'losers')
  for (const { reason } of losers)
    await check.rejects(Promise.reject(reason), 'DUPLICATE_IDENTITY', 'a loser')
  const winner = contenders[results.findIndex(({ status }) => status === 'fulfilled')]
  const traces = { audits: 0, changed: 0 }
  for (const scope of [...tenants, PLATFORM]) {
    await store.read(scope, async (reader) => {
      traces.audits += (await reader.audit.list({ filter: { target } })).items.length
      if ('tenantId' in scope)
        traces.changed += (await reader.users.list({ limit: 50 })).items.filter(
          (user) => user.displayName === displayName,
        ).length
    })
  }
  check.equal(traces, { audits: 1, changed: 1 }, 'audit records and changes: of one winner')
  const identities = await store.read(
    PLATFORM,
    async (reader) => (await reader.countRecords())['external-identity'],
  )
  check.equal(identities, round + 1, 'identities')
  const resolved = await store.read(PLATFORM, (reader) => reader.externalIdentities.resolve(key))
  check.equal(resolved?.user.id, winner?.user.id, 'who signs in with it')
  const { token, deliveries } = await store.outbox.claim({ consumer: 'kit', limit: 30, leaseMs: 10_000 })
  const aggregates = deliveries.map(({ event }) => event.aggregateId)
  check.equal(aggregates, [target.id], 'events that leave')
  await store.outbox.ack({ token, eventIds: deliveries.map(({ event }) => event.id) })
}

async function showSilentRefusals({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const [here, elsewhere, mine] = [
    await make.addMember(store, ACME.tenantId),
    await make.addMember(store, OTHER.tenantId),
    await make.addMember(store, ACME.tenantId),
  ]
  const nowhere = make.user()
  const owners = [here.user, elsewhere.user, nowhere, mine.user]
  const identities = owners.map(({ id }) => make.identity(id))
  await store.transact(PLATFORM, async (tx) => {
    await tx.users.insert(nowhere)
    for (const identity of identities) await tx.externalIdentities.insert(identity)
  })
  const shown: string[] = []
  for (const { issuer, subject } of identities) {
    const link = make.identity(mine.user.id, { issuer, subject })
    for (const call of [
      () => store.transact(ACME, (tx) => tx.externalIdentities.insert(link)),
      () => store.transact(ACME, (tx) => tx.transact((nested) => nested.externalIdentities.insert(link))),
    ]) {
      const error = await check.rejects(call, 'DUPLICATE_IDENTITY', 'linking an identity that is taken')
      shown.push(JSON.stringify(error))
    }
  }
  check.equal(new Set(shown).size, 1, 'distinct refusals')
  const secrets = [
    ...owners.map(({ id }) => id),
    ...identities.flatMap(({ id, subject }) => [id, subject]),
    OTHER.tenantId,
  ]
  for (const secret of secrets)
    check.ok(!shown.join().includes(secret), 'nothing of the owner is in the refusal')

  const takenIds = [here.user, elsewhere.user, nowhere]
  const refusals: string[] = []
  for (const { id } of takenIds) {
    const call = store.transact(ACME, (tx) => tx.users.insert(make.user({ id })))
    refusals.push(JSON.stringify(await check.rejects(call, 'DUPLICATE_KEY', 'an id that is taken')))
  }
  check.equal(new Set(refusals).size, 1, 'distinct refusals of an id that is taken')
}
