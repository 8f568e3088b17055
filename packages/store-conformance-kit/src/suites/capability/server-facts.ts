import { LEASE_ROLES } from '@user-engine/store-protocol'
import type { CapabilityCase, CapabilityContext } from '../../capability/capability-case.ts'
import { LATE, raceAgainst } from '../../time-limit.ts'
import { leasesOf, refusalOf, rowsOf, run, SERVING_ROLES, textOf } from './steps.ts'

const OLDEST_SERVER = 150_000
/** The longest time limit of a unit of work, in milliseconds. */
const LONGEST_WORK_MS = 600_000
/** How long as many transactions as there are connections may take to begin, in milliseconds. */
const PATIENCE_MS = 10_000
/** How long the store keeps an idle connection, with some room, in milliseconds. */
const LONGEST_IDLE_MS = 60_000

export const SERVER_FACT_CASES: readonly CapabilityCase[] = [
  {
    id: 'CAP-03.leases-open-sessions',
    rules: ['CAP-03', 'CAP-01'],
    title: 'every lease opens a session of its login in its database',
    async run(context) {
      const { check, connect } = context
      for (const [role, lease] of await leasesOf(context)) {
        const opening = connect(lease)
        check.equal(await refusalOf(opening), null, `what refuses a session with the ${role} lease`)
        const found = await rowsOf(
          await opening,
          'SELECT session_user::text AS user, current_database()::text AS database',
        )
        check.equal(
          found,
          [{ user: lease.user, database: lease.database }],
          `the session of the ${role} lease`,
        )
      }
    },
  },
  {
    id: 'CAP-03.server-is-supported',
    rules: ['CAP-03'],
    title: 'the server is Postgres 15 or newer, takes writes, and keeps text as UTF-8',
    async run({ check, open, note }) {
      const [facts] = await rowsOf(
        await open('runtime'),
        `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
           pg_is_in_recovery()::text AS standby, current_setting('server_encoding') AS encoding`,
      )
      note(`the server is Postgres ${facts?.version}`)
      check.ok(Number(facts?.number) >= OLDEST_SERVER, 'the version of the server', facts?.version)
      check.equal(facts?.standby, 'false', 'whether the server is a standby')
      check.equal(facts?.encoding, 'UTF8', 'the encoding of the database')
    },
  },
  {
    id: 'CAP-03.commits-are-durable',
    rules: ['CAP-03', 'LIF-03'],
    title: 'what is acknowledged has reached the disk, for every login',
    async run({ check, open }) {
      for (const role of LEASE_ROLES) {
        const [facts] = await rowsOf(
          await open(role),
          `SELECT current_setting('synchronous_commit') AS commit, current_setting('fsync') AS fsync,
             current_setting('full_page_writes') AS pages`,
        )
        check.ok(facts?.commit !== 'off', `synchronous_commit of the ${role} login`, facts?.commit)
        check.equal(
          [facts?.fsync, facts?.pages],
          ['on', 'on'],
          `fsync and full_page_writes, asked by ${role}`,
        )
      }
    },
  },
  {
    id: 'CAP-03.statements-end-in-time',
    rules: ['CAP-03', 'TXN-11'],
    title: 'a statement past the limit of its transaction is cancelled by the server',
    async run({ check, open }) {
      const session = await open('runtime')
      await run(session, 'BEGIN')
      await limit(session, 'statement_timeout')
      const start = performance.now()
      check.equal(
        await refusalOf(run(session, 'SELECT pg_sleep(5)')),
        '57014',
        'what ends a statement of 5 s',
      )
      check.ok(performance.now() - start < 4_000, 'its end comes with the limit, not with the statement')
      await run(session, 'ROLLBACK')
    },
  },
  {
    id: 'CAP-03.lock-waits-end-in-time',
    rules: ['CAP-03', 'MIG-03'],
    title: 'a wait for a lock past the limit of its transaction is cancelled by the server',
    async run({ check, open }) {
      const [holder, waiter] = [await open('migration'), await open('migration')]
      await run(holder, 'BEGIN')
      await run(holder, `SELECT pg_advisory_xact_lock(hashtextextended('kit lock-waits', 0))`)
      await run(waiter, 'BEGIN')
      await limit(waiter, 'lock_timeout')
      const waiting = run(waiter, `SELECT pg_advisory_xact_lock(hashtextextended('kit lock-waits', 0))`)
      const first = await check.settlesWithin(waiting, 5_000, 'a wait for a lock that is not given')
      check.equal(
        first.status === 'rejected' ? await refusalOf(Promise.reject(first.reason)) : null,
        '55P03',
        'what ends the wait',
      )
      await run(holder, 'ROLLBACK')
    },
  },
  {
    id: 'CAP-03.idle-transactions-are-ended',
    rules: ['CAP-03', 'TXN-11'],
    title: 'a transaction whose client has gone silent is ended by the server, and its locks are free',
    async run({ check, open }) {
      const [silent, other] = [await open('runtime'), await open('runtime')]
      await run(silent, 'BEGIN')
      await limit(silent, 'idle_in_transaction_session_timeout')
      await run(silent, `SELECT pg_advisory_xact_lock(hashtextextended('kit idle', 0))`)
      const tryLock = `SELECT pg_try_advisory_xact_lock(hashtextextended('kit idle', 0))::text`
      await check.eventually(
        async () => ((await textOf(other, tryLock)) === 'true' ? true : undefined),
        'the lock of a transaction that is silent is free',
        5_000,
      )
      check.ok((await refusalOf(run(silent, 'SELECT 1'))) !== null, 'the silent session cannot go on')
    },
  },
  {
    id: 'CAP-03.limits-of-the-provider-leave-room',
    rules: ['CAP-03', 'TXN-11'],
    title: 'limits that the provider sets for logins are above what the store needs',
    async run({ check, open }) {
      for (const role of LEASE_ROLES) {
        const limits = await rowsOf(
          await open(role),
          `SELECT name, setting FROM pg_settings WHERE name IN ('transaction_timeout', 'idle_session_timeout')`,
        )
        check.ok(limits.length > 0, `limits that the server knows, asked by ${role}`)
        for (const { name, setting } of limits) {
          const least = name === 'transaction_timeout' ? LONGEST_WORK_MS : LONGEST_IDLE_MS
          const isRoomy = Number(setting) === 0 || Number(setting) >= least
          check.ok(isRoomy, `${name} of the ${role} login is off, or at least ${least} ms`, setting)
        }
      }
    },
  },
  {
    id: 'CAP-03.promised-connections-are-there',
    rules: ['CAP-03'],
    title: 'as many transactions run at the same time as the description promises connections',
    timeoutMs: 60_000,
    run: (context) => showPromisedConnections(context),
  },
]

async function limit(session: Parameters<typeof run>[0], name: string): Promise<void> {
  await session.query({ text: 'SELECT set_config($1, $2, true)', values: [name, '200'] })
}

async function showPromisedConnections({ check, open, manifest, note }: CapabilityContext): Promise<void> {
  const { runtime, relay } = manifest.maxConnections
  const wanted = [
    ...Array.from({ length: runtime }, () => 'runtime' as const),
    ...Array.from({ length: relay }, () => 'relay' as const),
  ]
  // Where not even one opens, it is not their number.
  for (const role of SERVING_ROLES) await (await open(role)).end()
  const busy = wanted.map(async (role) => {
    const session = await open(role)
    await run(session, 'BEGIN')
    return session
  })
  // Those that were opened hold their connections until all were tried.
  const settled = await raceAgainst(Promise.allSettled(busy), PATIENCE_MS)
  check.ok(settled !== LATE, `${wanted.length} transactions begin within ${PATIENCE_MS} ms`)
  if (settled === LATE) return
  const refused = settled.filter(({ status }) => status === 'rejected').length
  check.equal(
    refused,
    0,
    `transactions that found no connection, of ${runtime} as runtime and ${relay} as relay`,
  )
  note(`${wanted.length} transactions were open at the same time`)
}
