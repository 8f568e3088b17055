import { setTimeout as delay } from 'node:timers/promises'
import { type ConnectionLease, LEASE_ROLES } from '@user-engine/store-protocol'
import type { CapabilityCase, CapabilityContext } from '../../capability/capability-case.ts'
import type { CapabilitySession } from '../../capability/harness.ts'
import { HarnessFailure } from '../../harness-guard.ts'
import { refusalOf, run, setContext, textOf } from './steps.ts'

/** How long a case waits for something that a lease announces, in milliseconds. */
const PATIENCE_MS = 60_000
/** How long after its end a lease may still be taken, in milliseconds. */
const GRACE_MS = 10_000
/** How long work is watched that outlives a rotation, in milliseconds, where its drain window is long. */
const LONGEST_LOOK_MS = 1_000
const WHO = 'SELECT current_user::text'

export const LEASE_CASES: readonly CapabilityCase[] = [
  {
    id: 'CAP-04.leases-are-good-for-a-while',
    rules: ['CAP-04'],
    title: 'a lease that is handed out has not begun its drain window',
    async run({ check, lease }) {
      for (const role of LEASE_ROLES) {
        const asked = Date.now()
        const { expiresAt, drainMs } = await lease(role)
        const leftMs = expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) - asked
        check.ok(
          leftMs > drainMs,
          `the ${role} lease lasts for more than its drain window of ${drainMs} ms`,
          leftMs,
        )
      }
    },
  },
  {
    id: 'CAP-04.leases-are-renewed-before-their-end',
    rules: ['CAP-04'],
    title:
      'before a lease ends a newer one is handed out, both work until the end, and then the old one is refused',
    notFor: ({ leases }) => (leases.expire ? null : 'leases.expire is false'),
    timeoutMs: PATIENCE_MS + GRACE_MS * 3,
    run: (context) => showRenewal(context),
  },
  {
    id: 'CAP-04.rotation-hands-out-newer-leases',
    rules: ['CAP-04'],
    title: 'after a rotation every role has another lease with another credential, which works at once',
    needs: ['rotate'],
    async run({ check, lease, open, connect, rotate }) {
      const before = await Promise.all(LEASE_ROLES.map(lease))
      // What could not connect before says nothing about the rotation.
      for (const role of LEASE_ROLES) await open(role)
      await rotate()
      for (const [index, role] of LEASE_ROLES.entries()) {
        const [old, newer] = [before[index], await lease(role)]
        check.ok(old?.leaseId !== newer.leaseId, `another ${role} lease`)
        // Two functions are two credentials for all that can be seen.
        const isOther = old?.user !== newer.user || old?.password !== newer.password
        check.ok(isOther, `another credential in the ${role} lease`)
        check.equal(await refusalOf(connect(newer)), null, `what refuses the newer ${role} lease`)
      }
    },
  },
  {
    id: 'CAP-04.running-work-outlives-a-rotation',
    rules: ['CAP-04'],
    title: 'a transaction that runs while credentials rotate goes on and commits within the drain window',
    needs: ['rotate'],
    async run({ check, lease, open, connect, rotate }) {
      const { drainMs } = await lease('runtime')
      const session = await open('runtime')
      await run(session, 'BEGIN')
      await rotate()
      const end = performance.now() + Math.min(drainMs / 2, LONGEST_LOOK_MS)
      // New work takes over meanwhile: only then the old lease is really on its way out.
      const newer = await connect(await lease('runtime'))
      do {
        check.equal(
          await refusalOf(run(session, 'SELECT pg_sleep(0.02)')),
          null,
          'what ends the running work',
        )
        check.equal(await refusalOf(run(newer, 'SELECT 1')), null, 'what ends the new work')
      } while (performance.now() < end)
      check.equal(await refusalOf(run(session, 'COMMIT')), null, 'what refuses the commit')
    },
  },
  {
    id: 'CAP-04.retired-leases-end',
    rules: ['CAP-04'],
    title: 'a lease that was replaced is refused once its drain window is over',
    needs: ['rotate'],
    timeoutMs: PATIENCE_MS + GRACE_MS * 2,
    async run(context) {
      const { check, lease, open, rotate } = context
      const old = await lease('runtime')
      await open('runtime')
      if (old.drainMs > PATIENCE_MS)
        throw new HarnessFailure(
          `The drain window is ${old.drainMs} ms: hand over a shorter one to the suite.`,
        )
      await rotate()
      await showRefused(context, old, old.drainMs + GRACE_MS)
      check.equal(
        await refusalOf(context.connect(await lease('runtime'))),
        null,
        'what refuses the newer lease',
      )
    },
  },
  {
    id: 'CAP-04.rotation-under-load-fails-nothing',
    rules: ['CAP-04'],
    title: 'while credentials rotate again and again, no request of those who take the newest lease fails',
    needs: ['rotate'],
    timeoutMs: PATIENCE_MS,
    run: (context) => showRotationUnderLoad(context),
  },
]

async function showRenewal(context: CapabilityContext): Promise<void> {
  const { check, lease, open, connect, note } = context
  await open('runtime')
  const first = await lease('runtime')
  const endsAt = Date.parse(first.expiresAt ?? '')
  const dueInMs = endsAt - first.drainMs - Date.now()
  if (Number.isNaN(endsAt) || dueInMs > PATIENCE_MS) {
    const seconds = Math.round(dueInMs / 1_000)
    throw new HarnessFailure(`The runtime lease is due in ${seconds} s: hand over shorter ones to the suite.`)
  }
  const session = await connect(first)
  const newer = await check.eventually(
    async () => {
      const current = await lease('runtime')
      return current.leaseId === first.leaseId ? undefined : current
    },
    'a newer lease before the end of the first',
    endsAt - Date.now(),
  )
  note(`the newer lease was there ${endsAt - Date.now()} ms before the end of the first`)
  check.ok(newer.expiresAt === null || Date.parse(newer.expiresAt) > endsAt, 'the newer lease lasts longer')
  check.equal(
    await refusalOf(run(session, 'SELECT 1')),
    null,
    'what ends the session of the first lease before its end',
  )
  check.equal(await textOf(await connect(newer), WHO), newer.user, 'the session of the newer lease')
  await showRefused(context, first, endsAt - Date.now() + GRACE_MS)
}

async function showRefused(
  { check, connect }: CapabilityContext,
  lease: ConnectionLease,
  withinMs: number,
): Promise<void> {
  await check.eventually(
    async () => {
      const attempt = connect(lease)
      if ((await refusalOf(attempt)) !== null) return true
      await (await attempt).end()
      await delay(50)
      return undefined
    },
    'the old lease is refused',
    withinMs,
  )
}

const CALLERS = 4
const ROTATIONS = 4

async function showRotationUnderLoad(context: CapabilityContext): Promise<void> {
  const { check, open, rotate, note } = context
  await open('runtime')
  const failures: string[] = []
  let requests = 0
  let isOver = false
  /** The lease that each caller used last. */
  const newest: string[] = []
  const callers = Array.from({ length: CALLERS }, async (_, index) => {
    const caller = createCaller(context)
    while (!isOver && failures.length === 0) {
      const refusal = await refusalOf(caller.request())
      if (refusal !== null) failures.push(refusal)
      requests += 1
      newest[index] = caller.leaseId
    }
    await caller.end()
  })
  for (let rotation = 0; rotation < ROTATIONS && failures.length === 0; rotation++) {
    const before = new Set(newest)
    await rotate()
    // The next rotation comes when everybody works with the newer lease.
    const haveMoved = async () =>
      failures.length > 0 ||
      (newest.length === CALLERS && newest.every((leaseId) => !before.has(leaseId))) ||
      undefined
    await check.eventually(haveMoved, 'every caller works with the newer lease')
  }
  isOver = true
  await Promise.all(callers)
  check.equal(failures, [], `what refused requests, in ${ROTATIONS} rotations under load`)
  note(`${requests} requests of ${CALLERS} callers over ${ROTATIONS} rotations, none failed`)
}

/** Works as a store does: each request with the newest lease, on a session that is kept while the lease is. */
function createCaller({ lease, connect }: CapabilityContext) {
  let current: { readonly leaseId: string; readonly session: CapabilitySession } | null = null
  return {
    get leaseId() {
      return current?.leaseId ?? ''
    },
    async request(): Promise<void> {
      const newest = await lease('runtime')
      if (current?.leaseId !== newest.leaseId) {
        const before = current
        current = { leaseId: newest.leaseId, session: await connect(newest) }
        await before?.session.end()
      }
      const { session } = current
      await run(session, 'BEGIN')
      await setContext(session, 'kit')
      await run(session, 'COMMIT')
    },
    end: async () => await current?.session.end(),
  }
}
