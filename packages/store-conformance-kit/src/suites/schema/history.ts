import type { UserEngineStore } from '@user-engine/store-protocol'
import { type ConformanceCase, onlyMigrated } from '../../case.ts'
import type { Check } from '../../check.ts'
import { HISTORY_DAMAGES } from '../../harness.ts'
import { ACME } from '../../records.ts'
import { checkReadinessShape } from './readiness-shape.ts'

export const HISTORY_CASES: readonly ConformanceCase[] = [
  ...HISTORY_DAMAGES.map(
    (damage): ConformanceCase => ({
      id: `MIG-02.refuses-a-schema-that-is-${damage}`,
      rules:
        damage === 'edited' || damage === 'missing' ? ['MIG-02', 'MIG-01', 'MIG-05'] : ['MIG-02', 'MIG-01'],
      title: `a schema whose history is ${damage} is not served: not ready, and SCHEMA_MISMATCH before the first write`,
      notFor: onlyMigrated,
      needs: ['migrations'],
      async run({ migrations, namespace, open, check, make }) {
        const healthy = await open()
        const { user } = await make.addMember(healthy, ACME.tenantId)
        await healthy.close()
        await migrations.damage(namespace, damage)
        const store = await open()
        const readiness = await store.readiness()
        check.equal(readiness.status, 'not-ready', 'the readiness')
        checkReadinessShape(check, readiness)
        const state = (await store.schemaVersion()).state
        check.ok(state !== 'current', 'the state of the schema', state)
        await refuses(check, store, user.id)
      },
    }),
  ),
  {
    id: 'MIG-05.damaged-histories-are-not-migrated',
    rules: ['MIG-05', 'MIG-03'],
    title: 'with an edited, missing or unfinished migration nothing runs',
    notFor: onlyMigrated,
    needs: ['migrations'],
    async run({ migrations, check }) {
      for (const damage of ['edited', 'missing', 'dirty'] as const) {
        const namespace = await migrations.emptyNamespace()
        await migrations.migrate(namespace)
        await migrations.damage(namespace, damage)
        await check.rejects(
          migrations.migrate(namespace),
          'SCHEMA_MISMATCH',
          `migrating a history that is ${damage}`,
        )
      }
    },
  },
  {
    id: 'MIG-03.concurrent-starts-apply-once',
    rules: ['MIG-03'],
    title:
      'of eight migrations that start at once each step is applied by exactly one, and the result serves',
    notFor: onlyMigrated,
    needs: ['migrations'],
    timeoutMs: 60_000,
    async run({ migrations, open, check, make }) {
      const namespace = await migrations.emptyNamespace()
      const unmigrated = await open({ namespace })
      await refuses(check, unmigrated, make.id())
      const runs = await Promise.all(Array.from({ length: 8 }, () => migrations.migrate(namespace)))
      const applied = runs.flatMap((run) => run.applied)
      check.ok(applied.length > 0, 'migrations were applied', applied)
      check.equal(new Set(applied).size, applied.length, 'migrations that were applied more than once')
      check.equal((await migrations.migrate(namespace)).applied, [], 'what a further run applies')
      // The store that was refused before needs no restart either.
      const { user } = await make.addMember(unmigrated, ACME.tenantId)
      check.equal(
        await unmigrated.read(ACME, (reader) => reader.users.get(user.id)),
        user,
        'a user on the migrated schema',
      )
      await unmigrated.close()
    },
  },
]

async function refuses(check: Check, store: UserEngineStore, userId: string): Promise<void> {
  let ran = false
  const transaction = store.transact(ACME, async (tx) => {
    await tx.users.get(userId)
    ran = true
  })
  await check.rejects(transaction, 'SCHEMA_MISMATCH', 'a transaction')
  await check.rejects(
    store.read(ACME, (reader) => reader.users.get(userId)),
    'SCHEMA_MISMATCH',
    'a read',
  )
  await check.rejects(
    store.outbox.claim({ consumer: 'kit', limit: 1, leaseMs: 1_000 }),
    'SCHEMA_MISMATCH',
    'a claim',
  )
  check.ok(!ran, 'no statement of the work was answered')
}
