import type { Rule } from './rule.ts'

/** Postgres capability: the rules of section CAP. */
export const POSTGRES_CAPABILITY_RULES = [
  {
    id: 'CAP-01',
    level: 'MUST',
    appliesTo: 'postgres-capability',
    text: 'The provider hands over plain data and functions, never a driver object: `describe()`, and connection leases for runtime, relay and migration, each with host, port, database, user, password (or a function for it), TLS, expiry and drain window.',
    reason: 'A pool of another copy of a driver is silently not recognised.',
    untested:
      'A property of what a provider hands over, not of a store: shown by the types of the handoff, and by broken-capability.test.ts of store-postgres, which hands over driver objects.',
  },
  {
    id: 'CAP-02',
    level: 'MUST',
    appliesTo: 'postgres-capability',
    text: 'The runtime login is no superuser, no owner, has no BYPASSRLS and cannot create in the schema; the migration login owns the schema; the two differ.',
    reason: 'Each of these powers disables row-level security.',
    untested:
      'A property of what a provider hands over, not of a store: shown by readiness, and by broken-capability.test.ts of store-postgres, which hands over such logins.',
  },
  {
    id: 'CAP-03',
    level: 'MUST',
    appliesTo: 'postgres-capability',
    text: 'Facts are checked at readiness, not assumed: server version, pooler mode, prepared statements, server-side time limits, TLS, tenant context that survives a transaction and never leaks to the next.',
    reason: 'An assumption about a pooler is a data leak waiting.',
    untested:
      'A property of what a provider hands over, not of a store: shown by readiness, and by broken-capability.test.ts of store-postgres, which hands over what is not so.',
  },
  {
    id: 'CAP-04',
    level: 'MUST',
    appliesTo: 'postgres-capability',
    text: 'Credentials rotate while work goes on: new leases are used before the old ones end, running transactions drain, and no request fails because of it.',
    reason: 'Rotation that costs requests is not done.',
    untested:
      'A property of what a provider hands over, not of a store: shown by rotation.test.ts of store-postgres.',
  },
  {
    id: 'CAP-05',
    level: 'MUST',
    appliesTo: 'postgres-capability',
    text: 'It works through a transaction-mode pooler as well as directly.',
    reason: 'Platforms put poolers in front.',
    untested:
      'A property of what a provider hands over, not of a store: shown by the store suite behind a transaction-mode pooler (pgbouncer.test.ts).',
  },
  {
    id: 'CAP-06',
    level: 'MUST',
    appliesTo: 'postgres-capability',
    text: 'After a restore or a failover the epoch changes; the store notices, and nothing is lost or handed over under an old lease.',
    reason: 'A restored database believes in leases of the future it lost.',
    untested:
      'A property of what a provider hands over, not of a store: shown on real servers by a restore to a moment, a restore from a dump and a failover under load (recovery-drills.test.ts of store-postgres, docs/recovery-drills.md), and call by call by epoch-keeper.test.ts.',
  },
] as const satisfies readonly Rule[]
