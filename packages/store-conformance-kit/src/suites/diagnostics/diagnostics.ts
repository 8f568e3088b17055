import { inspect } from 'node:util'
import { isUserEngineError, type JsonValue, type StoreTransaction } from '@user-engine/store-protocol'
import type { ConformanceCase } from '../../case.ts'
import { ACME, OTHER, PLATFORM } from '../../records.ts'

const CANARY = 'canary-7f3a'

export const DIAGNOSTICS_CASES: readonly ConformanceCase[] = [
  {
    id: 'DIA-01.diagnostics-help',
    rules: ['DIA-01'],
    title: 'diagnostics survive JSON unchanged and name versions, schema, outbox and the last errors by code',
    async run({ open, check, make, capabilities }) {
      const store = await open()
      await make.addMember(store, ACME.tenantId)
      await store.transact(PLATFORM, (tx) => tx.outbox.append(make.event(null)))
      const change = { id: make.id(), expectedVersion: 1, set: {}, updatedAt: make.instant() }
      await check.rejects(
        store.transact(PLATFORM, (tx) => tx.users.update(change)),
        'NOT_FOUND',
        'an error to be counted',
      )
      const diagnostics = await store.diagnostics()
      check.equal(
        JSON.parse(JSON.stringify(diagnostics)),
        diagnostics,
        'diagnostics after a round trip through JSON',
      )
      check.equal(diagnostics.store, capabilities.store, 'the store')
      check.equal(diagnostics.protocolVersion, store.protocolVersion, 'the protocol version')
      check.equal(diagnostics.schema?.state, 'current', 'the schema')
      check.equal(diagnostics.outbox?.pending, 1, 'pending events')
      const counted = diagnostics.errors.find(({ code }) => code === 'NOT_FOUND')
      check.equal(counted?.count, 1, 'errors by code')
      check.ok(!Number.isNaN(Date.parse(counted?.lastAt ?? '')), 'when it happened last')
    },
  },
  {
    id: 'DIA-02.no-canary-in-any-output',
    rules: ['DIA-02', 'IDN-02'],
    title:
      'nothing that was handed in appears in an error, its cause excepted, in diagnostics or in readiness',
    async run({ open, check, make }) {
      const store = await open()
      const { user, tenantAccount } = await make.addMember(store, ACME.tenantId)
      const secret = { issuer: `https://${CANARY}.example`, subject: CANARY }
      const identity = make.identity(user.id, secret)
      const value = make.profileValue(user.id, { level: 'global' }, { email: `${CANARY}@example.org` })
      await store.transact(ACME, async (tx) => {
        await tx.externalIdentities.insert(identity)
        await tx.profileValues.insert(value)
      })
      const calls: readonly ((tx: StoreTransaction) => Promise<unknown>)[] = [
        (tx) => tx.externalIdentities.insert(make.identity(user.id, secret)),
        (tx) => tx.externalIdentities.insert({ ...identity, id: CANARY }),
        (tx) => tx.externalIdentities.insert(make.identity(make.id(), { subject: `${CANARY}2` })),
        (tx) => tx.profileValues.insert({ ...value, id: make.id(), value: CANARY }),
        (tx) =>
          tx.profileValues.insert({
            ...value,
            id: make.id(),
            value: { [CANARY]: undefined } as unknown as JsonValue,
            attributeKey: 'x',
          }),
        (tx) => tx.profileValues.insert({ ...value, id: make.id(), value: `${CANARY}\u0000` }),
        (tx) => tx.users.insert({ ...make.user(), displayName: `${CANARY}\ud800` }),
        (tx) => tx.users.insert({ ...make.user(), [CANARY]: CANARY } as never),
        (tx) => tx.users.insert({ ...user, displayName: CANARY }),
        (tx) =>
          tx.users.update({
            id: user.id,
            expectedVersion: 9,
            set: { displayName: CANARY },
            updatedAt: make.instant(),
          }),
        (tx) => tx.accounts.insert(make.account(make.id(), { name: CANARY })),
        (tx) => tx.memberships.insert(make.membership(tenantAccount, { role: `${CANARY} !` })),
        (tx) => tx.audit.append(make.audit(ACME.tenantId, { reason: `${CANARY}\u0000` })),
        (tx) => tx.audit.append(make.audit(OTHER.tenantId, { reason: CANARY })),
        (tx) => tx.outbox.append(make.event(ACME.tenantId, { payload: { [`${CANARY}`]: Number.NaN } })),
        (tx) => tx.outbox.append(make.event(OTHER.tenantId, { payload: { text: CANARY } })),
        (tx) => tx.users.get(CANARY),
        (tx) => tx.applications.findByKey(`${CANARY} !`),
        (tx) => tx.users.list({ cursor: CANARY }),
        (tx) => tx.audit.list({ filter: { action: `${CANARY}\u0000` } }),
      ]
      for (const [index, call] of calls.entries()) {
        const error = await store.transact(ACME, call).catch((thrown: unknown) => thrown)
        check.ok(isUserEngineError(error), `call ${index + 1} is refused with a typed error`)
        const shown = [
          String(error),
          JSON.stringify(error),
          inspect({ ...(error as object) }),
          (error as Error).stack ?? '',
        ]
        check.ok(
          !withoutPath(shown.join('\n')).includes(CANARY),
          `the refusal of call ${index + 1}`,
          shown[1],
        )
      }
      const badScope = await store
        .read({ tenantId: `${CANARY} x` }, () => 1)
        .catch((thrown: unknown) => thrown)
      check.ok(!JSON.stringify(badScope).includes(CANARY), 'the refusal of a scope')
      const denial = make.audit(ACME.tenantId, { outcome: 'denied', reason: `${CANARY}\u0000` })
      const refused = await store.recordDenial(ACME, denial).catch((thrown: unknown) => thrown)
      check.ok(!JSON.stringify(refused).includes(CANARY), 'the refusal of a denial')
      await store.transact(PLATFORM, (tx) =>
        tx.outbox.append(make.event(null, { aggregateId: 'a', payload: { text: CANARY } })),
      )
      check.ok(!JSON.stringify(await store.diagnostics()).includes(CANARY), 'diagnostics')
      check.ok(!JSON.stringify(await store.readiness()).includes(CANARY), 'readiness')
      check.ok(!JSON.stringify(await store.outbox.stats()).includes(CANARY), 'stats of the outbox')
    },
  },
]

// The path of a validation issue names keys of a JSON value, which is what a path is for.
function withoutPath(text: string): string {
  return text.replace(/"?path"?: ?["'][^"']*["']/g, '')
}
