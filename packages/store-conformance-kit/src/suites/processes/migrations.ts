import { setTimeout as delay } from 'node:timers/promises'
import { type CaseContext, type ConformanceCase, onlyMigrated, onlyMultiProcess } from '../../case.ts'
import { ACME } from '../../records.ts'

const ofMigrations = {
  notFor: (capabilities: CaseContext['capabilities']) =>
    onlyMultiProcess(capabilities) ?? onlyMigrated(capabilities),
  needs: ['processes', 'migrations'],
  timeoutMs: 120_000,
} as const

export const PROCESS_MIGRATION_CASES: readonly ConformanceCase[] = [
  {
    id: 'MIG-03.processes-apply-once',
    rules: ['MIG-03'],
    title:
      'of eight processes that migrate at once each step is applied by exactly one, and the result serves',
    ...ofMigrations,
    run: showOneMigration,
  },
  {
    id: 'MIG-03.killed-migrations-are-resumed',
    rules: ['MIG-03', 'MIG-01', 'MIG-02'],
    title:
      'a migration whose process is killed leaves a state that is reported and not served, or is done; the next one resumes it',
    ...ofMigrations,
    run: showKilledMigrations,
  },
]

async function showOneMigration({
  migrations,
  startMigration,
  open,
  check,
  make,
}: CaseContext): Promise<void> {
  const namespace = await migrations.emptyNamespace()
  const started = await Promise.all(Array.from({ length: 8 }, () => startMigration(namespace)))
  const applied = (await Promise.all(started.map((process) => process.applied))).flat()
  check.ok(applied.length > 0, 'migrations were applied', applied)
  check.equal(new Set(applied).size, applied.length, 'migrations that were applied: none twice')
  check.equal((await migrations.migrate(namespace)).applied, [], 'what a further run applies')
  await serves({ open, check, make }, namespace)
}

/** At how many moments of a migration its process is killed. */
const KILLS = 6

async function showKilledMigrations(context: CaseContext): Promise<void> {
  const { migrations, startMigration, open, check, note } = context
  const whole = await startMigration(await migrations.emptyNamespace())
  await whole.begun
  const start = performance.now()
  await whole.applied
  const durationMs = performance.now() - start
  let cutOff = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const namespace = await migrations.emptyNamespace()
    const dying = await startMigration(namespace)
    const outcome = dying.applied.then(
      () => 'done' as const,
      () => 'killed' as const,
    )
    await dying.begun
    // The moments are spread over what a whole migration took here.
    await delay((durationMs * kill) / KILLS)
    await dying.kill()
    const isDone = (await outcome) === 'done'
    if (!isDone) cutOff += 1
    const store = await open({ namespace })
    const { state } = await store.schemaVersion()
    const { status } = await store.readiness()
    // Killed on its way out it may have finished; what matters is that both say the same.
    if (isDone) check.equal(state, 'current', 'the state of a schema whose migration ended')
    check.equal(status === 'not-ready', state !== 'current', `not ready when the schema is ${state}`)
    await migrations.migrate(namespace)
    check.equal((await store.schemaVersion()).state, 'current', `the state after ${state} was migrated again`)
    await serves(context, namespace)
  }
  check.ok(cutOff > 0, 'processes were killed before their migration had ended', cutOff)
  note(`${cutOff} of ${KILLS} migrations were cut off`)
}

async function serves(
  { open, check, make }: Pick<CaseContext, 'open' | 'check' | 'make'>,
  namespace: string,
): Promise<void> {
  const store = await open({ namespace })
  const { user } = await make.addMember(store, ACME.tenantId)
  check.equal(await store.read(ACME, (reader) => reader.users.get(user.id)), user, 'a user on the schema')
  await store.close()
}
