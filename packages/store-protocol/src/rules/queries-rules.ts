import type { Rule } from './rule.ts'

/** Queries: the rules of section QRY. */
export const QUERIES_RULES = [
  {
    id: 'QRY-01',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Lists use keyset pages with opaque cursors: complete and without repeats while others write. The limit is 1 to 500.',
    reason: 'Offset pages skip and repeat.',
  },
  {
    id: 'QRY-02',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'The order of every list is stated and the same in every store; text is ordered bytewise.',
    reason: 'Tests on one store must hold on another.',
  },
  {
    id: 'QRY-03',
    level: 'MUST',
    appliesTo: 'every-store',
    text: 'Record counts by kind, pending outbox and audit log are readable per scope.',
    reason: 'Operators and tests ask for them.',
  },
  {
    id: 'QRY-04',
    level: 'MUST',
    appliesTo: 'durable',
    text: "No listed query scans more than its page's worth of rows; a durable store shows it by plan.",
    reason: 'Growth matters more than constants.',
    untested:
      'A plan is visible to the engine only: a durable store reads its own plans in its tests (store-postgres: query-plans.test.ts).',
  },
] as const satisfies readonly Rule[]
