import type { ChaosPlan } from './run-chaos.ts'

/** The whole run: what the page in the documents is made of. */
export const FULL_PLANS: readonly ChaosPlan[] = [
  {
    title: 'killed, webhook',
    write: { events: 20_000, forMs: 120_000 },
    relays: 2,
    faults: { fault: 'kill', afterMs: [100, 4_000], forMs: [50, 1_000] },
    receiver: 'webhook',
    leaseMs: 5_000,
  },
  {
    title: 'paused, webhook',
    write: { events: 5_000, forMs: 60_000 },
    relays: 2,
    faults: { fault: 'pause', afterMs: [100, 4_000], forMs: [3_000, 8_000] },
    receiver: 'webhook',
    leaseMs: 5_000,
  },
  {
    title: 'killed, JetStream',
    write: { events: 5_000, forMs: 30_000 },
    relays: 2,
    faults: { fault: 'kill', afterMs: [100, 4_000], forMs: [50, 1_000] },
    receiver: 'nats',
    leaseMs: 5_000,
  },
]

/** The same in seconds, for every check of the repository. Leases are long: a busy machine must not end one. */
export const SHORT_PLANS: readonly ChaosPlan[] = [
  {
    title: 'killed',
    write: { events: 2_000, forMs: 12_000 },
    relays: 2,
    faults: { fault: 'kill', afterMs: [100, 3_000], forMs: [50, 500] },
    receiver: 'webhook',
    leaseMs: 6_000,
  },
  {
    title: 'paused',
    write: { events: 1_000, forMs: 12_000 },
    relays: 2,
    faults: { fault: 'pause', afterMs: [100, 2_000], forMs: [6_000, 8_000] },
    receiver: 'webhook',
    leaseMs: 6_000,
  },
]
