// The tenant boundary has three layers: policies of the engine, predicates of the store, and keys that lead with the tenant.
// Take one away, and exactly the named cases of that layer fail: the others hold without it [TEN-03, TEN-04, TEN-06].
import { attachLocalProvider } from '@user-engine/provider-local'
import { type ConformanceHarness, runConformance } from '@user-engine/store-conformance-kit'
import { expect, inject, test, vi } from 'vitest'
import { createLocalHarness } from './testing/local-harness.ts'
import { createOutboxWorld, idsOf, outboxEvent } from './testing/outbox-world.ts'

const ENGINE_CASE = 'TEN-06.engine-holds-without-predicates'
const PREDICATE_CASE = 'TEN-06.predicates-hold-without-the-engine'
const BOUNDARY_CASE = 'TEN-04.every-method-every-id'
const KEY_CASE = 'TEN-03.same-keys-in-two-tenants'

async function failedCases(harness: ConformanceHarness): Promise<readonly string[]> {
  const wanted = [ENGINE_CASE, PREDICATE_CASE, BOUNDARY_CASE, KEY_CASE]
  const report = await runConformance(harness, { select: ({ id }) => wanted.includes(id) })
  expect(report.executed).toBe(wanted.length)
  return report.cases.filter(({ status }) => status === 'failed').map(({ id }) => id)
}

const shipped = await createLocalHarness(await attachLocalProvider(inject('postgresServer')), {
  withFaults: false,
})

/** Namespaces that somebody changed behind the store's back. */
function harnessWith(statement: string): ConformanceHarness {
  const freshNamespace = async () => {
    const namespace = await shipped.freshNamespace()
    await shipped.databaseOf(namespace).query(statement)
    return namespace
  }
  return { ...shipped, freshNamespace }
}

test('with all layers no case fails', async () => {
  expect(await failedCases(shipped)).toEqual([])
})

test.each([
  'ALTER TABLE user_engine.memberships DISABLE ROW LEVEL SECURITY',
  'CREATE POLICY leak ON user_engine.tenant_profile_values FOR SELECT USING (true)',
  'DROP POLICY audit_records_read ON user_engine.audit_records; CREATE POLICY leak ON user_engine.audit_records USING (true)',
  'ALTER TABLE user_engine.tenant_accounts DISABLE ROW LEVEL SECURITY',
])(
  'without a policy (%s) exactly the case of the engine fails: predicates alone keep the boundary',
  async (statement) => {
    expect(await failedCases(harnessWith(statement))).toEqual([ENGINE_CASE])
  },
)

const LONE_REFERENCE = `
  ALTER TABLE user_engine.memberships DROP CONSTRAINT memberships_tenant_account_fkey;
  ALTER TABLE user_engine.tenant_accounts ADD CONSTRAINT lone_id UNIQUE (id);
  ALTER TABLE user_engine.memberships ADD CONSTRAINT lone_reference
    FOREIGN KEY (tenant_account_id) REFERENCES user_engine.tenant_accounts (id)`

// What refuses a reference to another tenant's record is the key alone, with the engine's policies and without them.
test.each([
  ['an id that is unique across tenants', 'ALTER TABLE user_engine.memberships ADD UNIQUE (id)', [KEY_CASE]],
  [
    'a natural key without the tenant',
    'ALTER TABLE user_engine.application_bindings ADD UNIQUE (application_id)',
    [KEY_CASE],
  ],
  ['a reference that does not name the tenant', LONE_REFERENCE, [BOUNDARY_CASE, PREDICATE_CASE, KEY_CASE]],
  [
    'no reference at all',
    'ALTER TABLE user_engine.memberships DROP CONSTRAINT memberships_tenant_account_fkey',
    [BOUNDARY_CASE, PREDICATE_CASE],
  ],
])(
  'without keys that lead with the tenant (%s) exactly the cases about keys fail: nothing else makes up for them',
  async (_, statement, expected) => {
    expect((await failedCases(harnessWith(statement))).toSorted()).toEqual(expected.toSorted())
  },
)

// The kit's case counts what an append leaves; these two are filled by a relay that gives events back, and gives up on them.
test.each(['outbox_deliveries', 'outbox_dead_letters'])(
  'the engine keeps %s within its tenant',
  async (table) => {
    const world = await createOutboxWorld()
    try {
      const store = await world.open()
      for (const tenantId of ['acme', 'other'])
        await store.transact({ tenantId }, (tx) => tx.outbox.append(outboxEvent(tenantId, { tenantId })))
      const lease = await store.outbox.claim({ consumer: 'test', limit: 10, leaseMs: 60_000 })
      const settled = { token: lease.token, eventIds: idsOf(lease), reason: 'test' }
      if (table === 'outbox_deliveries') await store.outbox.nack({ ...settled, retryAfterMs: 60_000 })
      else await store.outbox.deadLetter(settled)
      const transaction = await world.begin()
      const rows = await transaction.query(`SELECT DISTINCT tenant_id FROM user_engine.${table}`)
      await transaction.rollback()
      expect(rows).toEqual([{ tenant_id: 'acme' }])
    } finally {
      await world.close()
    }
  },
)

test('without predicates exactly the case of the predicates fails: the engine alone keeps the boundary', async () => {
  vi.resetModules()
  // Every parameter stays in use, so that the statements are still well-formed.
  const everywhere = (parameter: string) => `${parameter}::text IS NOT NULL`
  vi.doMock('./sql/visibility.ts', () => ({
    ofTenant: (_column: string, parameter: string) => everywhere(parameter),
    seesUser: (_schema: string, _alias: string, tenant: string) => everywhere(tenant),
    seesUserId: (_schema: string, _userId: string, tenant: string) => everywhere(tenant),
    seesAccount: (_schema: string, _alias: string, tenant: string) => everywhere(tenant),
  }))
  const { createLocalHarness: withoutPredicates } = await import('./testing/local-harness.ts')
  const harness = await withoutPredicates(await attachLocalProvider(inject('postgresServer')), {
    withFaults: false,
  })
  expect(await failedCases(harness)).toEqual([PREDICATE_CASE])
  vi.doUnmock('./sql/visibility.ts')
})
