import type { Readiness, UserEngineStore } from '@user-engine/store-protocol'
import { type CaseContext, type ConformanceCase, onlyDurable, onlyMigrated } from '../case.ts'
import { HISTORY_DAMAGES } from '../harness.ts'
import { ACME, PLATFORM } from '../records.ts'

export const SCHEMA_CASES: readonly ConformanceCase[] = [
  {
    id: 'MIG-01.readiness-gives-reasons',
    rules: ['MIG-01'],
    title:
      'a store that is fit says so, check by check, each with a code, a summary and, unless it passed, a remedy',
    async run({ open, check, make, capabilities }) {
      const store = await open()
      await make.addMember(store, ACME.tenantId)
      const readiness = await store.readiness()
      check.equal(readiness.status, 'ready', 'the status')
      checkShape(check, readiness)
      const covers = (part: string) => readiness.checks.some(({ code }) => code.includes(part))
      check.ok(covers('reachable'), 'it says whether the backend is reachable')
      check.ok(covers('outbox'), 'it says how the outbox stands')
      if (capabilities.schema.migrated) check.ok(covers('schema'), 'it says how the schema stands')
      if (capabilities.tenancy.enforcement === 'engine-and-store')
        check.ok(covers('tenancy'), 'it says whether the boundary is enforced')
      const version = await store.schemaVersion()
      check.equal([version.state, version.found], ['current', version.expected], 'the schema version')
    },
  },
  {
    id: 'MIG-01.dead-letters-degrade',
    rules: ['MIG-01', 'OBX-09'],
    title: 'dead letters make a store degraded, with a remedy, and not unready',
    async run({ open, check, make }) {
      const store = await open()
      const event = make.event(null)
      await store.transact(PLATFORM, (tx) => tx.outbox.append(event))
      const { token } = await store.outbox.claim({ consumer: 'kit', limit: 1, leaseMs: 10_000 })
      await store.outbox.deadLetter({ token, eventIds: [event.id], reason: 'never' })
      const readiness = await store.readiness()
      check.equal(readiness.status, 'degraded', 'the status')
      checkShape(check, readiness)
    },
  },
  {
    id: 'MIG-01.unreachable-is-not-ready',
    rules: ['MIG-01', 'LIF-02'],
    title: 'readiness of a store whose backend is down is not-ready with a reason, and never an exception',
    notFor: onlyDurable,
    needs: ['backend'],
    async run({ harness, open, check }) {
      const store = await open()
      check.equal((await store.readiness()).status, 'ready', 'the status before')
      await harness.backend?.kill()
      try {
        const readiness = store.readiness()
        const settled = await check.settlesWithin(readiness, 15_000, 'readiness while the backend is down')
        check.equal(settled.status, 'fulfilled', 'it does not throw')
        check.equal((await readiness).status, 'not-ready', 'the status meanwhile')
        checkShape(check, await readiness)
      } finally {
        await harness.backend?.start()
      }
      await check.eventually(
        async () => ((await store.readiness()).status === 'ready' ? true : undefined),
        'the store is ready again without being reopened',
      )
    },
  },
  ...HISTORY_DAMAGES.map(
    (damage): ConformanceCase => ({
      id: `MIG-02.refuses-a-schema-that-is-${damage}`,
      rules:
        damage === 'edited' || damage === 'missing' ? ['MIG-02', 'MIG-01', 'MIG-05'] : ['MIG-02', 'MIG-01'],
      title: `a schema whose history is ${damage} is not served: not ready, and SCHEMA_MISMATCH before the first write`,
      notFor: onlyMigrated,
      needs: ['migrations'],
      async run({ harness, namespace, open, check, make }) {
        const healthy = await open()
        const { user } = await make.addMember(healthy, ACME.tenantId)
        await healthy.close()
        await harness.migrations?.damage(namespace, damage)
        const store = await open()
        const readiness = await store.readiness()
        check.equal(readiness.status, 'not-ready', 'the readiness')
        checkShape(check, readiness)
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
    async run({ harness, check }) {
      const { migrations } = harness
      if (migrations === undefined) return
      for (const damage of ['edited', 'missing', 'dirty'] as const) {
        const namespace = await migrations.emptyNamespace()
        try {
          await migrations.migrate(namespace)
          await migrations.damage(namespace, damage)
          await check.rejects(
            migrations.migrate(namespace),
            'SCHEMA_MISMATCH',
            `migrating a history that is ${damage}`,
          )
        } finally {
          await harness.destroyNamespace(namespace)
        }
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
    async run({ harness, open, check, make }) {
      const { migrations } = harness
      if (migrations === undefined) return
      const namespace = await migrations.emptyNamespace()
      try {
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
      } finally {
        await harness.destroyNamespace(namespace)
      }
    },
  },
]

async function refuses(check: CaseContext['check'], store: UserEngineStore, userId: string): Promise<void> {
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

function checkShape(check: CaseContext['check'], { status, checks }: Readiness): void {
  check.ok(checks.length > 0, 'there are checks')
  const has = (wanted: string) => checks.some((one) => one.status === wanted)
  const expected = has('fail') ? 'not-ready' : has('warn') ? 'degraded' : 'ready'
  check.equal(status, expected, 'the status follows from the checks')
  for (const { code, summary, remedy, status: result } of checks) {
    check.ok(/^[a-z0-9.-]+$/.test(code), 'the code is a stable word', code)
    check.ok(summary.length > 0, `${code} has a summary`)
    check.equal(remedy === null, result === 'pass', `${code}: a remedy exactly when it did not pass`)
  }
}
