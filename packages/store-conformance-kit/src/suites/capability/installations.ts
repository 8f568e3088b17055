import type { PostgresCapability } from '@user-engine/store-protocol'
import type { CapabilityCase, CapabilityContext } from '../../capability/capability-case.ts'
import { describeCapability } from '../../capability/read-capability.ts'
import { quoteIdentifier, rowsOf, run, type TextRow, textOf } from './steps.ts'

const LEDGER = '_prisma_migrations'

export const INSTALLATION_CASES: readonly CapabilityCase[] = [
  {
    id: 'CAP-08.each-schema-has-its-own-migration-lock',
    rules: ['CAP-08', 'MIG-03'],
    title: 'two installations on one server do not take the same lock while they migrate',
    needs: ['installations'],
    timeoutMs: 60_000,
    async run(context) {
      const { check, capability, installations } = context
      const other = await installations.another()
      await installations.migrate(other)
      const [mine, theirs] = [await migrationLocks(context, capability), await migrationLocks(context, other)]
      const shared = mine.filter((lock) => theirs.includes(lock))
      check.equal(shared, [], 'locks that both take')
    },
  },
]

/**
 * The advisory locks that are held while the migrations of a capability run. They are kept from going on by a lock on the
 * history that they read first.
 */
async function migrationLocks(
  { check, open, installations }: CapabilityContext,
  capability: PostgresCapability,
): Promise<readonly string[]> {
  const { schema, roles } = await describeCapability(capability)
  const ledger = `${quoteIdentifier(schema)}.${LEDGER}`
  const [holder, watcher] = [await open('migration', capability), await open('migration', capability)]
  const before = new Set(await heldLocks(watcher))
  await run(holder, 'BEGIN')
  await run(holder, `SET LOCAL ROLE ${quoteIdentifier(roles.owner)}`)
  await run(holder, `LOCK TABLE ${ledger} IN ACCESS EXCLUSIVE MODE`)
  const migrating = installations.migrate(capability)
  const found = check.eventually(async () => {
    const waiting = await textOf(
      watcher,
      `SELECT count(*)::text FROM pg_locks WHERE relation = to_regclass($1) AND NOT granted`,
      [ledger],
    )
    const locks = (await heldLocks(watcher)).filter((lock) => !before.has(lock))
    return waiting === '0' || locks.length === 0 ? undefined : locks
  }, `the migrations of ${schema} wait for their history and hold a lock of their own`)
  // Whichever way it ends, the migrations go on.
  const locks = await found.finally(() => run(holder, 'ROLLBACK'))
  await migrating
  return locks
}

async function heldLocks(session: Parameters<typeof rowsOf>[0]): Promise<readonly string[]> {
  const rows: readonly TextRow[] = await rowsOf(
    session,
    `SELECT concat_ws(':', database, classid, objid, objsubid) AS lock FROM pg_locks
     WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  )
  return rows.map(({ lock }) => lock ?? '')
}
