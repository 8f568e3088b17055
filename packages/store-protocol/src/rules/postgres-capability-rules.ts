import type { Rule } from './rule.ts'

/** Postgres capability: the rules of section CAP. */
export const POSTGRES_CAPABILITY_RULES = [
  {
    id: 'CAP-01',
    level: 'MUST',
    appliesTo: 'every-capability',
    text: 'The provider hands over plain data and functions, never a driver object: `describe()`, and connection leases for runtime, relay and migration, each with host, port, database, user, password (or a function for it), TLS, expiry and drain window. Nothing in the description is secret.',
    reason: 'A pool of another copy of a driver is silently not recognised.',
  },
  {
    id: 'CAP-02',
    level: 'MUST',
    appliesTo: 'every-capability',
    text: 'The runtime and relay logins are no superusers, own nothing, have no BYPASSRLS, are no members of the owner and cannot create in the schema; the migration login owns the schema; all three differ.',
    reason: 'Each of these powers disables row-level security.',
  },
  {
    id: 'CAP-03',
    level: 'MUST',
    appliesTo: 'every-capability',
    text: 'Facts are checked, not assumed: server version, durability, pooler mode, prepared statements, server-side time limits, connections, TLS, tenant context that is gone after its transaction and never there by default.',
    reason: 'An assumption about a pooler is a data leak waiting.',
  },
  {
    id: 'CAP-04',
    level: 'MUST',
    appliesTo: 'postgres-capability',
    text: 'Credentials rotate while work goes on: new leases are used before the old ones end, running transactions drain, no request fails because of it, and an old lease is refused after its end.',
    reason: 'Rotation that costs requests is not done.',
  },
  {
    id: 'CAP-05',
    level: 'MUST',
    appliesTo: 'postgres-capability',
    text: 'It works through a transaction-mode pooler as well as directly.',
    reason: 'Platforms put poolers in front.',
  },
  {
    id: 'CAP-06',
    level: 'MUST',
    appliesTo: 'postgres-capability',
    text: 'After a restore or a failover the epoch changes; the store notices, and nothing is lost or handed over under an old lease.',
    reason: 'A restored database believes in leases of the future it lost.',
  },
  {
    id: 'CAP-07',
    level: 'MUST',
    appliesTo: 'every-capability',
    text: 'In the database that is handed over nothing leads around row-level security: it is forced, with policies, on every table; no view, function or trigger of others reads past it; and nobody else has a right there.',
    reason: 'A boundary with a door in it is none.',
  },
  {
    id: 'CAP-08',
    level: 'MUST',
    appliesTo: 'postgres-capability',
    text: 'Installations on one server do not wait for each other: each schema has a migration lock of its own.',
    reason: 'One installation that migrates must not stop another that is deployed.',
  },
] as const satisfies readonly Rule[]
