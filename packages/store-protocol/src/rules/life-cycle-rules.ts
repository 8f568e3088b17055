import type { Rule } from './rule.ts'

/** Life cycle: the rules of section LIF. */
export const LIFE_CYCLE_RULES = [
  {
    id: 'LIF-01',
    level: 'MUST',
    appliesTo: 'every-store',
    text: "Stores on one backend see each other's commits where the manifest says `shared`. `close` is idempotent, lets running work end within a limit, then every call gets `STORE_CLOSED`.",
    reason: 'Services run as several instances and are stopped politely.',
  },
  {
    id: 'LIF-02',
    level: 'MUST',
    appliesTo: 'durable',
    text: 'A backend that is killed, paused or cut off gives a typed error within the time limit, and the store works again without a restart when the backend is back.',
    reason: 'Failover must not need a deployment.',
  },
  {
    id: 'LIF-03',
    level: 'MUST',
    appliesTo: 'durable',
    text: 'Every acknowledged commit survives a killed backend, and a report names the tier that was really run: D0 client killed, D1 database killed, D2 power cut, D3 paused.',
    reason: 'A claim of durability is worth what was done to it.',
  },
] as const satisfies readonly Rule[]
