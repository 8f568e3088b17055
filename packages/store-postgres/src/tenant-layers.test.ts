// The tenant boundary has two layers. Take either away, and a named case of the kit fails; with both, or with the
// other one alone, the boundary still holds [TEN-06].
import { attachLocalProvider } from '@user-engine/provider-local'
import { type ConformanceHarness, runConformance } from '@user-engine/store-conformance-kit'
import { expect, inject, test, vi } from 'vitest'
import type { PostgresHarness } from './conformance/postgres-harness.ts'
import { createLocalHarness } from './testing/local-harness.ts'
import { createOutboxWorld, idsOf, outboxEvent } from './testing/outbox-world.ts'

const ENGINE_CASE = 'TEN-06.engine-holds-without-predicates'
const PREDICATE_CASE = 'TEN-06.predicates-hold-without-the-engine'
const BOUNDARY_CASE = 'TEN-04.every-method-every-id'

async function failedCases(harness: ConformanceHarness): Promise<readonly string[]> {
  const wanted = [ENGINE_CASE, PREDICATE_CASE, BOUNDARY_CASE]
  const report = await runConformance(harness, { select: ({ id }) => wanted.includes(id) })
  expect(report.executed).toBe(wanted.length)
  return report.cases.filter(({ status }) => status === 'failed').map(({ id }) => id)
}

async function harnessWith(statement: string | null): Promise<PostgresHarness> {
  const harness = await createLocalHarness(await attachLocalProvider(inject('postgresServer')), {
    withFaults: false,
  })
  if (statement === null) return harness
  const freshNamespace = async () => {
    const namespace = await harness.freshNamespace()
    await harness.databaseOf(namespace).query(statement)
    return namespace
  }
  return { ...harness, freshNamespace }
}

test('with both layers no case fails', async () => {
  expect(await failedCases(await harnessWith(null))).toEqual([])
})

test.each([
  'ALTER TABLE user_engine.memberships DISABLE ROW LEVEL SECURITY',
  'CREATE POLICY leak ON user_engine.tenant_profile_values FOR SELECT USING (true)',
  'DROP POLICY audit_records_read ON user_engine.audit_records; CREATE POLICY leak ON user_engine.audit_records USING (true)',
  'ALTER TABLE user_engine.tenant_accounts DISABLE ROW LEVEL SECURITY',
])(
  'without a policy (%s) exactly the case of the engine fails: predicates alone keep the boundary',
  async (statement) => {
    expect(await failedCases(await harnessWith(statement))).toEqual([ENGINE_CASE])
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
