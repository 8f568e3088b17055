import type { UserEngineStore } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../case.ts'
import { ACME, OTHER, PLATFORM } from '../records.ts'
import { UNIQUE_KEYS, type UniqueKey } from './unique-keys.ts'

/** Texts that look alike and are different: case, accent, trailing space, normal form. */
export const LOOKALIKES = [
  'resume',
  'Resume',
  'résumé',
  'r\u00e9sum\u00e9 ',
  're\u0301sume\u0301',
  'resume ',
  'RESUME',
  'ｒesume',
] as const

export const IDENTITY_CASES: readonly ConformanceCase[] = [
  {
    id: 'IDN-01.concurrent-links-have-one-winner',
    rules: ['IDN-01', 'TXN-01'],
    title:
      'of 20 concurrent links of one identity exactly one wins; the others get DUPLICATE_IDENTITY and leave no trace',
    async run({ open, check, make, capabilities }) {
      const stores = capabilities.durability.shared ? [await open(), await open()] : [await open()]
      const store = stores[0] as UserEngineStore
      const members = await Promise.all(
        Array.from({ length: 20 }, () => make.addMember(store, ACME.tenantId)),
      )
      const key = { issuer: 'https://issuer.example', subject: 'contended' }
      const links = members.map(({ user }, index) =>
        (stores[index % stores.length] as UserEngineStore).transact(ACME, async (tx) => {
          await tx.audit.append(make.audit(ACME.tenantId))
          await tx.outbox.append(make.event(ACME.tenantId))
          await tx.externalIdentities.insert(make.identity(user.id, key))
        }),
      )
      const results = await Promise.allSettled(links)
      const losers = results.filter((result) => result.status === 'rejected')
      check.equal(losers.length, 19, 'losers')
      for (const { reason } of losers)
        await check.rejects(Promise.reject(reason), 'DUPLICATE_IDENTITY', 'a loser')
      const counts = await store.read(ACME, (reader) => reader.countRecords())
      const traces = [counts['external-identity'], counts['audit-record'], counts['outbox-event']]
      check.equal(traces, [1, 1, 1], 'identities, audit records and events of one winner')
      const resolved = await store.read(ACME, (reader) => reader.externalIdentities.resolve(key))
      const winner = results.findIndex(({ status }) => status === 'fulfilled')
      check.equal(resolved?.user.id, members[winner]?.user.id, 'who signs in with it')
    },
  },
  {
    id: 'IDN-01.unlinked-identities-are-free',
    rules: ['IDN-01', 'VER-02'],
    title: 'an identity that was unlinked can be linked to somebody else',
    async run({ open, check, make }) {
      const store = await open()
      const [one, two] = [
        await make.addMember(store, ACME.tenantId),
        await make.addMember(store, ACME.tenantId),
      ]
      const identity = make.identity(one.user.id)
      await store.transact(ACME, (tx) => tx.externalIdentities.insert(identity))
      const stolen = make.identity(two.user.id, { subject: identity.subject })
      await check.rejects(
        store.transact(ACME, (tx) => tx.externalIdentities.insert(stolen)),
        'DUPLICATE_IDENTITY',
        'linking it while it is linked',
      )
      await store.transact(ACME, async (tx) => {
        await tx.externalIdentities.delete({ id: identity.id, expectedVersion: 1 })
        await tx.externalIdentities.insert(stolen)
      })
      const resolved = await store.read(ACME, (reader) => reader.externalIdentities.resolve(identity))
      check.equal(resolved?.user.id, two.user.id, 'who signs in with it')
    },
  },
  {
    id: 'IDN-02.refusal-reveals-nothing',
    rules: ['IDN-02', 'TEN-01'],
    title:
      'the refusal of a duplicate identity is the same whether its owner is in the tenant, in another, or in none',
    async run({ open, check, make }) {
      const store = await open()
      const [here, elsewhere, mine] = [
        await make.addMember(store, ACME.tenantId),
        await make.addMember(store, OTHER.tenantId),
        await make.addMember(store, ACME.tenantId),
      ]
      const nowhere = make.user()
      const owners = [here.user, elsewhere.user, nowhere]
      const identities = owners.map(({ id }) => make.identity(id))
      await store.transact(PLATFORM, async (tx) => {
        await tx.users.insert(nowhere)
        for (const identity of identities) await tx.externalIdentities.insert(identity)
      })
      const refusals = await Promise.all(
        identities.map(async ({ issuer, subject }) => {
          const link = make.identity(mine.user.id, { issuer, subject })
          const call = store.transact(ACME, (tx) => tx.externalIdentities.insert(link))
          return await check.rejects(call, 'DUPLICATE_IDENTITY', 'linking an identity that is taken')
        }),
      )
      const shown = refusals.map((error) => JSON.stringify(error))
      check.equal(new Set(shown).size, 1, 'distinct refusals')
      const secrets = [
        ...owners.map(({ id }) => id),
        ...identities.flatMap(({ id, subject }) => [id, subject]),
        OTHER.tenantId,
      ]
      for (const secret of secrets)
        check.ok(!shown.join().includes(secret), 'nothing of the owner is in the refusal')
    },
  },
  ...uniqueKeyCases(),
  {
    id: 'IDN-04.lookalikes-are-different',
    rules: ['IDN-04', 'IDN-01'],
    title:
      'issuers, subjects and tenants that differ only in case, accents, trailing spaces or normal form are different',
    async run({ open, check, make }) {
      const store = await open()
      const { user } = await make.addMember(store, ACME.tenantId)
      const identities = LOOKALIKES.flatMap((text) => [
        make.identity(user.id, { subject: text }),
        make.identity(user.id, { issuer: text, subject: 'one' }),
      ])
      await store.transact(ACME, async (tx) => {
        for (const identity of identities) await tx.externalIdentities.insert(identity)
      })
      for (const identity of identities) {
        const resolved = await store.read(ACME, (reader) => reader.externalIdentities.resolve(identity))
        check.equal(resolved?.identity, identity, 'the identity under exactly this key')
      }
      const absent = { issuer: 'https://issuer.example', subject: ' resume' }
      check.equal(
        await store.read(ACME, (reader) => reader.externalIdentities.resolve(absent)),
        null,
        'a key nobody linked',
      )
      const inOther = await store.read(OTHER, (reader) => reader.users.list())
      check.equal(inOther.items, [], 'users of a tenant whose id differs in case')
    },
  },
]

function uniqueKeyCases(): readonly ConformanceCase[] {
  return UNIQUE_KEYS.map((key) => ({
    id: `IDN-03.unique-${key.name}` as const,
    rules: ['IDN-03', 'TXN-01'],
    title: `${key.name.replaceAll('-', ' ')} is unique: sequentially and among 8 concurrent inserts exactly one wins`,
    run: (context) => showUniqueness(context, key),
  }))
}

async function showUniqueness(
  { open, check, make, capabilities }: CaseContext,
  key: UniqueKey,
): Promise<void> {
  const stores = capabilities.durability.shared ? [await open(), await open()] : [await open()]
  const store = stores[0] as UserEngineStore
  const insert = await key.prepare(store, make)
  const attempts = Array.from({ length: 8 }, (_, index) =>
    (stores[index % stores.length] as UserEngineStore).transact(key.scope, async (tx) => {
      await tx.audit.append(make.audit('tenantId' in key.scope ? key.scope.tenantId : null))
      await insert(tx)
    }),
  )
  const results = await Promise.allSettled(attempts)
  check.equal(
    results.filter(({ status }) => status === 'fulfilled').length,
    1,
    'winners among concurrent inserts',
  )
  for (const result of results) {
    if (result.status === 'fulfilled') continue
    const error = await check.rejects(Promise.reject(result.reason), key.error.code, 'a loser')
    check.equal(error.data, key.error.data, 'which key the error names')
  }
  const counts = await store.read(key.scope, (reader) => reader.countRecords())
  check.equal(
    counts['audit-record'],
    key.name === 'audit-record-id' ? 2 : 1,
    'audit records: losers leave no trace',
  )
  await check.rejects(store.transact(key.scope, insert), key.error.code, 'a later insert')
}
