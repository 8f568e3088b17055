import type { UserEngineStore } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ANOMALIES, type Anomaly, GROUP, lookAtCast, SCOPE } from './anomalies.ts'
import { interleave, listOrders } from './interleave.ts'

/** Each anomaly in every order of its steps: the store shows none that its manifest excludes. */
export const ANOMALY_CASES: readonly ConformanceCase[] = ANOMALIES.map(
  (anomaly): ConformanceCase => ({
    id: `TXN-07.anomaly-${anomaly.name.toLowerCase()}`,
    rules: ['TXN-07'],
    title: `unless the manifest allows for it, this never happens: ${anomaly.title}`,
    timeoutMs: 60_000,
    run: (context) => lookForAnomaly(context, anomaly),
  }),
)

async function lookForAnomaly(
  { openAll, check, make, capabilities, note }: CaseContext,
  anomaly: Anomaly,
): Promise<void> {
  const stores = await openAll()
  const [store] = stores
  const { isolation } = capabilities.transactions
  const mayHappen = anomaly.possibleAt.includes(isolation)
  let [orders, shown, blocked] = [0, 0, 0]
  const { tenantId } = SCOPE
  const sample = anomaly.sessions({ make, one: make.member(tenantId), two: make.member(tenantId) })
  for (const order of listOrders(sample.map(({ steps }) => steps.length))) {
    const [one, two] = [await make.addMember(store, tenantId), await make.addMember(store, tenantId)]
    const cast = { make, one, two }
    await clearGroup(store)
    const result = await interleave(stores, anomaly.sessions(cast), order)
    const left = await store.read(SCOPE, (reader) => lookAtCast(reader, cast))
    const happened = anomaly.happened(result.histories, left)
    orders += 1
    blocked += result.blocked
    if (happened) shown += 1
    check.ok(!happened || mayHappen, `no ${anomaly.name} in the order ${order.join(' ')}, at ${isolation}`, {
      histories: result.histories,
      left,
    })
  }
  note(
    `${anomaly.name}: declared ${mayHappen ? 'possible' : 'excluded'} (${isolation}), observed in ${shown} of ${orders} orders; ${blocked} steps waited for the other session`,
  )
}

/** Every order begins with nobody on call. */
async function clearGroup(store: UserEngineStore): Promise<void> {
  await store.transact(SCOPE, async (tx) => {
    const { items } = await tx.memberships.listByGroup({ group: GROUP, page: { limit: 500 } })
    for (const { id, version } of items) void tx.memberships.delete({ id, expectedVersion: version })
  })
}
