import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ACME, OTHER, PLATFORM } from '../../records.ts'
import { type EveryKind, makeEveryKind, readEveryKind } from '../every-kind.ts'

export const SAME_KEY_CASES: readonly ConformanceCase[] = [
  {
    id: 'TEN-03.same-keys-in-two-tenants',
    rules: ['TEN-03', 'IDN-03', 'TEN-01'],
    title: 'the same natural keys, and the same ids of tenant records, live side by side in two tenants',
    run: (context) => showSameKeys(context),
  },
]

/** The same records as one tenant has, with the same ids, in another. */
function inTenant(records: EveryKind, tenantId: string): EveryKind {
  const { applicationId } = records.binding
  return {
    ...records,
    tenantAccount: { ...records.tenantAccount, tenantId },
    binding: { ...records.binding, tenantId },
    membership: { ...records.membership, tenantId },
    tenantValue: {
      ...records.tenantValue,
      value: `of ${tenantId}`,
      scope: { level: 'tenant', tenantId },
    },
    applicationValue: {
      ...records.applicationValue,
      value: `of ${tenantId}`,
      scope: { level: 'application', tenantId, applicationId },
    },
    audit: { ...records.audit, tenantId, reason: `of ${tenantId}` },
    event: { ...records.event, tenantId, payload: { of: tenantId } },
  }
}

async function showSameKeys({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const records = makeEveryKind(make, ACME.tenantId)
  const tenants = [ACME, OTHER].map((scope) => ({ scope, own: inTenant(records, scope.tenantId) }))
  await store.transact(PLATFORM, (tx) => {
    void tx.applications.insert(records.application)
    void tx.catalogs.insert(records.catalog)
    void tx.users.insert(records.user)
    void tx.accounts.insert(records.account)
    void tx.externalIdentities.insert(records.identity)
    void tx.profileValues.insert(records.globalValue)
    for (const { own } of tenants) void tx.tenantAccounts.insert(own.tenantAccount)
  })
  for (const { scope, own } of tenants) {
    await store.transact(scope, (tx) => {
      void tx.applicationBindings.insert(own.binding)
      void tx.memberships.insert(own.membership)
      void tx.profileValues.insert(own.tenantValue)
      void tx.profileValues.insert(own.applicationValue)
      void tx.audit.append(own.audit)
      void tx.outbox.append(own.event)
    })
  }
  for (const { scope, own } of tenants) {
    const found = await store.read(scope, (reader) => readEveryKind(reader, own))
    check.equal(found, own, `the records of ${scope.tenantId}`)
  }
  const [first, second] = tenants
  await store.transact(ACME, (tx) => {
    const { tenantAccount, binding, membership, tenantValue, applicationValue } = records
    void tx.tenantAccounts.update(make.update(tenantAccount.id, 1, { status: 'left' }))
    void tx.applicationBindings.update(make.update(binding.id, 1, { status: 'disabled' }))
    void tx.memberships.delete({ id: membership.id, expectedVersion: 1 })
    void tx.profileValues.delete({ id: tenantValue.id, expectedVersion: 1, level: 'tenant' })
    void tx.profileValues.delete({ id: applicationValue.id, expectedVersion: 1, level: 'application' })
  })
  if (first === undefined || second === undefined) throw new TypeError('there are two tenants')
  const changed = await store.read(ACME, (reader) => readEveryKind(reader, first.own))
  check.equal(
    [changed.tenantAccount?.status, changed.binding?.status, changed.membership, changed.tenantValue],
    ['left', 'disabled', null, null],
    'the tenant whose records were changed',
  )
  const found = await store.read(OTHER, (reader) => readEveryKind(reader, second.own))
  check.equal(found, second.own, 'the other tenant')

  // The outbox knows them apart as well: both events leave, and each is settled by itself.
  const lease = await store.outbox.claim({ consumer: 'kit', limit: 2, leaseMs: 10_000 })
  check.ok(lease.deliveries.length > 0, 'events that leave', lease.deliveries.length)
  for (const { event } of lease.deliveries)
    check.equal(event.payload, { of: event.tenantId }, `the payload of ${event.tenantId}`)
}
