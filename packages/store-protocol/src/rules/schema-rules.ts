import type { Rule } from './rule.ts'

/** Schema and readiness: the rules of section MIG. */
export const SCHEMA_RULES = [
  {
    id: 'MIG-01',
    level: 'MUST',
    appliesTo: 'every-store',
    text: '`readiness()` is ready, degraded or not ready, each check with a code and a remedy: reachable, schema version, role facts, tenant enforcement, outbox stalled, lease about to end, as far as the store has them.',
    reason: 'An operator acts on the reason, not on the colour.',
  },
  {
    id: 'MIG-02',
    level: 'MUST',
    appliesTo: 'migrated',
    text: 'A store refuses to serve a schema it does not know with `SCHEMA_MISMATCH`, before the first write.',
    reason: 'Guessing at a schema destroys data.',
  },
  {
    id: 'MIG-03',
    level: 'MUST',
    appliesTo: 'migrated',
    text: 'Migrations are plain SQL, ordered, checksummed, applied once under a lock of their own, safe to start from many processes at once; a failure half-way leaves a state that is reported and can be resumed.',
    reason: 'Deployments start several processes at once and get killed.',
  },
  {
    id: 'MIG-04',
    level: 'MUST',
    appliesTo: 'migrated',
    text: 'Each migration keeps the previous release of the code working, and data written at each step is read back after the next.',
    reason: 'Releases overlap while they roll out.',
    untested:
      'It takes two releases: previous-release.test.ts of store-postgres runs the one before on the schema of this one as soon as there is one, and this one on an expanded schema until then; migration-steps.test.ts reads back what each step wrote.',
  },
  {
    id: 'MIG-05',
    level: 'MUST',
    appliesTo: 'migrated',
    text: 'An edited or missing migration is detected, and nothing runs.',
    reason: 'A history that does not match is a different schema.',
  },
] as const satisfies readonly Rule[]
