import type { ProviderUnderProof } from './provider-under-proof.ts'

const SECONDS = { leaseMs: 4_000, drainMs: 2_000 }

/** Providers that hand over what they should: every case must pass, or say what excuses it. */
export const GOOD_PROVIDERS: readonly ProviderUnderProof[] = [
  {
    id: 'provider-local',
    title: 'hands over a database on a server with TLS, with leases of seconds',
    leases: SECONDS,
    handOver: async () => ({}),
  },
  {
    id: 'provider-local-through-pgbouncer',
    title: 'the same through a PgBouncer in transaction mode',
    leases: SECONDS,
    handOver: async ({ pooled }) => ({ capability: await pooled() }),
  },
  {
    id: 'provider-local-through-pgbouncer-sessions',
    title: 'the same through a PgBouncer in session mode',
    leases: SECONDS,
    handOver: async ({ pooled }) => ({ capability: await pooled({ mode: 'session' }) }),
  },
  {
    id: 'no-tls-on-a-loopback',
    title: 'hands over a database on a loopback without TLS, with leases that do not end by themselves',
    server: 'plain',
    handOver: async () => ({}),
  },
  {
    id: 'passwords-on-demand',
    title: 'hands over functions for its passwords, and more than it is asked for',
    handOver: async ({ capability }) => ({
      capability: {
        describe: async () => Object.assign({ region: 'north' }, await capability.describe()),
        async lease(role) {
          const { password, ...lease } = await capability.lease(role)
          return { ...lease, password: async () => String(password) }
        },
      },
    }),
  },
]
