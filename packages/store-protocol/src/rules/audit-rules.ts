import type { Rule } from './rule.ts'

/** Audit: the rules of section AUD. */
export const AUDIT_RULES = [
  {
    id: 'AUD-01',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Audit is append-only: no method changes or deletes a record, and where the manifest says `engine` the engine refuses it too.',
    reason: 'A record that can be changed proves nothing.',
  },
  {
    id: 'AUD-02',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'An audit record is written in the transaction of the change it records.',
    reason: 'See TXN-01.',
  },
  {
    id: 'AUD-03',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'A denial is durable before its caller learns of it, also when it happens inside an outer transaction that then rolls back, and it emits no outbox event.',
    reason: 'Refused attempts are what an audit is read for.',
  },
  {
    id: 'AUD-04',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'A denial never waits for a connection or a lock that its own transaction holds; a pool of one must not deadlock.',
    reason: 'A refused request must not hang the service.',
  },
  {
    id: 'AUD-05',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'When a denial cannot be made durable the caller gets `DENIAL_NOT_RECORDED`, not a quiet pass.',
    reason: 'Silence would hide exactly the attempts that matter.',
  },
  {
    id: 'AUD-06',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Records read back in the order of their commit per tenant, by keyset page, filterable by actor, target, action, outcome and time.',
    reason: 'An investigation follows the order of events.',
  },
] as const satisfies readonly Rule[]
