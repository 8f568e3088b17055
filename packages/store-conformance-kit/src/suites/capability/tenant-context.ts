// The tenant of a transaction is a setting that is local to it [CAP-03]. Whoever shares its server connection later must
// find nothing of it, whichever way it ended.
import { type ConnectionLease, LEASE_ROLES } from '@user-engine/store-protocol'
import type { CapabilityCase, CapabilityContext } from '../../capability/capability-case.ts'
import { onlySessions } from '../../capability/capability-case.ts'
import type { CapabilitySession } from '../../capability/harness.ts'
import { contextOf, refusalOf, run, SERVING_ROLES, serverProcessOf, setContext, textOf } from './steps.ts'

const TENANT = 'kit-tenant'

/** The ways in which a transaction ends, and whether its session goes on. */
const ENDS: readonly {
  readonly how: string
  readonly title: string
  end(session: CapabilitySession, check: CapabilityContext['check']): Promise<void>
}[] = [
  { how: 'commit', title: 'a commit', end: (session) => run(session, 'COMMIT') },
  { how: 'rollback', title: 'a rollback', end: (session) => run(session, 'ROLLBACK') },
  {
    how: 'error',
    title: 'a failed statement',
    async end(session, check) {
      check.equal(await refusalOf(run(session, 'SELECT 1 / 0')), '22012', 'the statement that fails')
      await run(session, 'ROLLBACK')
    },
  },
]

export const TENANT_CONTEXT_CASES: readonly CapabilityCase[] = [
  {
    id: 'CAP-03.no-context-by-default',
    rules: ['CAP-03', 'TEN-05'],
    title: 'no login finds a tenant context that it did not set, outside of transactions and in them',
    async run({ check, open }) {
      for (const role of LEASE_ROLES) {
        const session = await open(role)
        check.equal(await contextOf(session), '', `the context of a ${role} session`)
        await run(session, 'BEGIN')
        check.equal(await contextOf(session), '', `the context of a ${role} transaction`)
        await run(session, 'ROLLBACK')
      }
    },
  },
  ...ENDS.map(
    ({ how, title, end }): CapabilityCase => ({
      id: `CAP-03.context-ends-with-${how}`,
      rules: ['CAP-03', 'CAP-05', 'TEN-06'],
      title: `the tenant context of a transaction is gone after ${title}, for its session and for whoever comes next`,
      async run(context) {
        for (const role of SERVING_ROLES) {
          const lease = await context.lease(role)
          const session = await context.openWith(lease, role)
          const serverProcess = await beginWithContext(context, session)
          await end(session, context.check)
          context.check.equal(
            await contextOf(session),
            '',
            `the context of the ${role} session after ${title}`,
          )
          await session.end()
          await showNextIsClean(context, { role, lease, serverProcess })
        }
      },
    }),
  ),
  {
    id: 'CAP-03.context-ends-with-the-session',
    rules: ['CAP-03', 'CAP-05', 'TEN-06'],
    title: 'the tenant context of a transaction whose client went away is gone for whoever comes next',
    async run(context) {
      for (const role of SERVING_ROLES) {
        const lease = await context.lease(role)
        const session = await context.openWith(lease, role)
        const serverProcess = await beginWithContext(context, session)
        await session.end()
        await showNextIsClean(context, { role, lease, serverProcess })
      }
    },
  },
  {
    id: 'CAP-03.sessions-start-clean',
    rules: ['CAP-03', 'CAP-05'],
    title:
      'nothing that a session set, prepared or locked is there for the next one on its server connection',
    notFor: onlySessions,
    async run(context) {
      const { check, open } = context
      const lease = await context.lease('runtime')
      const session = await context.openWith(lease, 'runtime')
      const serverProcess = await serverProcessOf(session)
      await setContext(session, TENANT, 'session')
      await run(session, `SELECT pg_advisory_lock(hashtextextended('kit clean', 0))`)
      await run(session, 'CREATE TEMPORARY TABLE kit_left (id integer)').catch(() => {})
      await session.query({ name: 'kit_left', text: 'SELECT $1::text', values: ['left'] })
      await session.end()
      await lookAtLater(context, { role: 'runtime', lease, serverProcess }, async (next) => {
        check.equal(await contextOf(next), '', 'the context that a session left')
        const left = await textOf(
          next,
          `SELECT count(*)::text FROM pg_prepared_statements WHERE name = 'kit_left'`,
        )
        check.equal(left, '0', 'statements that a session left prepared')
        const table = await textOf(next, `SELECT to_regclass('pg_temp.kit_left')::text`)
        check.equal(table, null, 'a temporary table that a session left')
      })
      const free = await open('runtime')
      await check.eventually(
        async () =>
          (await textOf(free, `SELECT pg_try_advisory_lock(hashtextextended('kit clean', 0))::text`)) ===
          'true'
            ? true
            : undefined,
        'the lock that a session left is free',
      )
    },
  },
]

async function beginWithContext({ check }: CapabilityContext, session: CapabilitySession): Promise<string> {
  await run(session, 'BEGIN')
  await setContext(session, TENANT)
  check.equal(await contextOf(session), TENANT, 'the context within its transaction')
  return await serverProcessOf(session)
}

async function showNextIsClean(context: CapabilityContext, left: Left): Promise<void> {
  await lookAtLater(context, left, async (next) => {
    context.check.equal(await contextOf(next), '', `the context of a later ${left.role} session`)
  })
}

interface Left {
  readonly role: (typeof SERVING_ROLES)[number]
  /** What the session was opened with: a pooler keeps connections of another login apart. */
  readonly lease: ConnectionLease
  /** The process of the server that a session had which has ended. */
  readonly serverProcess: string
}

/**
 * Looks at sessions that come after one that has ended. Behind a pooler it goes on until one of them has the server connection
 * that was left; all have a transaction open meanwhile, so that none takes a connection twice. A pooler may have closed it instead.
 */
async function lookAtLater(
  { check, openWith, manifest, note }: CapabilityContext,
  { role, lease, serverProcess }: Left,
  look: (session: CapabilitySession) => Promise<void>,
): Promise<void> {
  const opened: CapabilitySession[] = []
  let isSettled = false
  try {
    while (!isSettled && opened.length < manifest.maxConnections[role]) {
      const session = await openWith(lease, role)
      opened.push(session)
      await run(session, 'BEGIN')
      await look(session)
      if (manifest.pooler.mode === 'none') isSettled = true
      else if ((await serverProcessOf(session)) === serverProcess) {
        isSettled = true
        note(`the ${opened.length}. later session of ${role} had the server connection of the first`)
      } else if (await isGone(session, serverProcess)) {
        isSettled = true
        note(`the pooler closed the server connection that the first session of ${role} had`)
      }
    }
  } finally {
    for (const session of opened) await run(session, 'ROLLBACK').catch(() => {})
  }
  check.ok(isSettled, 'the server connection that was left is given to a later session, or closed')
}

async function isGone(session: CapabilitySession, serverProcess: string): Promise<boolean> {
  const activity = 'SELECT count(*)::text FROM pg_stat_activity WHERE pid::text = $1'
  return (await textOf(session, activity, [serverProcess])) === '0'
}
