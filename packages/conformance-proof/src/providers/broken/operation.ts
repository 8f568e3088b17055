import { setTimeout as delay } from 'node:timers/promises'
import type { CapabilityHarness } from '@user-engine/store-conformance-kit'
import { openLeaseSession } from '@user-engine/store-postgres/conformance'
import type { ConnectionLease, LeaseRole, PostgresCapability } from '@user-engine/store-protocol'
import pg from 'pg'
import { type BrokenProvider, brokenInDescription, brokenInLeases } from '../provider-under-proof.ts'

const LEASE_MS = 2_000
const LATE_MS = 500

/** Leases, rotations, epochs and migrations that go wrong as time goes on. */
export const BROKEN_OPERATIONS: readonly BrokenProvider[] = [
  brokenInLeases(
    'CAP-04',
    { id: 'expired-leases', title: 'hands over leases that have ended, which its server takes all the same' },
    (lease) => ({ ...lease, expiresAt: '2020-01-01T00:00:00.000Z' }),
  ),
  {
    breaks: 'CAP-04',
    id: 'leases-renewed-too-late',
    title: 'hands out newer leases only after the old ones have ended',
    // Whether a lease is asked for while it has ended and is not renewed yet.
    decidedByTiming: ['CAP-04.leases-are-good-for-a-while'],
    async handOver({ capability, database }) {
      const current = new Map<LeaseRole, ConnectionLease & { readonly endsAt: number }>()
      let generation = 0
      const lease = async (role: LeaseRole): Promise<ConnectionLease> => {
        const known = current.get(role)
        if (known !== undefined && Date.now() < known.endsAt + LATE_MS) return known
        const endsAt = Date.now() + LEASE_MS
        const good = await capability.lease(role)
        const newer = {
          ...{ ...good, leaseId: `${good.leaseId}-${generation++}`, drainMs: 1, endsAt },
          expiresAt: new Date(endsAt).toISOString(),
        }
        current.set(role, newer)
        return newer
      }
      return {
        capability: { ...capability, lease },
        async rotate() {
          await database.rotateCredentials()
          current.clear()
        },
      }
    },
  },
  {
    breaks: 'CAP-04',
    id: 'leases-that-never-renew',
    title: 'hands out the same leases for ever, whatever it says about rotation',
    handOver: async () => ({ rotate: async () => {} }),
  },
  {
    breaks: 'CAP-04',
    id: 'rotation-that-cuts',
    title: 'ends whatever runs with the old login at the moment of a rotation',
    // Whether a caller is in the middle of a request at that moment.
    decidedByTiming: ['CAP-04.rotation-under-load-fails-nothing'],
    handOver: async ({ capability, database, query }) => ({
      async rotate() {
        const { user } = await capability.lease('runtime')
        await database.rotateCredentials({ drainMs: 0 })
        const gone = `SELECT FROM pg_roles WHERE rolname = ${pg.escapeLiteral(user)}`
        while ((await query(gone)).rows.length > 0) await delay(5)
      },
    }),
  },
  {
    breaks: 'CAP-04',
    id: 'rotation-too-early',
    title: 'hands out a new password before the server knows it',
    handOver: async ({ capability }) =>
      countingRotations(capability, (good, _, generation) =>
        generation === 0
          ? good
          : { ...good, leaseId: `${good.leaseId}-${generation}`, password: `next-${generation}` },
      ),
  },
  {
    breaks: 'CAP-04',
    id: 'rotation-in-name-only',
    title: 'gives its leases another name and keeps the credential',
    handOver: async ({ capability }) =>
      countingRotations(capability, (good, role, generation) => ({
        ...good,
        leaseId: `${role}-${generation}`,
      })),
  },
  {
    breaks: 'CAP-04',
    id: 'old-logins-stay',
    title: 'keeps old logins long after it said that they would end',
    handOver: async ({ database }) => ({ rotate: () => database.rotateCredentials({ drainMs: 600_000 }) }),
  },
  brokenInDescription(
    'CAP-06',
    { id: 'moody-epoch', title: 'names another epoch every time it is asked' },
    (_, asked) => ({ epoch: `e${asked}` }),
  ),
  brokenInDescription(
    'CAP-06',
    { id: 'one-epoch-for-ever', title: 'names the same epoch after a restore' },
    () => ({ epoch: 'production' }),
  ),
  {
    breaks: 'CAP-08',
    id: 'one-migration-lock',
    title: 'migrates all installations of a database under one lock',
    handOver: async ({ installations }) => ({
      installations: {
        ...installations,
        async migrate(capability) {
          const keeper = await openLeaseSession(await capability.lease('migration'))
          await keeper.query({ text: 'SELECT pg_advisory_lock(72707369)' })
          return await installations.migrate(capability).finally(() => keeper.end())
        },
      },
    }),
  },
]

/** Rotates nothing, and hands out other leases for each time that it was told to. */
function countingRotations(
  capability: PostgresCapability,
  change: (good: ConnectionLease, role: LeaseRole, generation: number) => ConnectionLease,
): Pick<CapabilityHarness, 'capability' | 'rotate'> {
  let generation = 0
  return {
    capability: {
      ...capability,
      lease: async (role) => change(await capability.lease(role), role, generation),
    },
    async rotate() {
      generation += 1
    },
  }
}
