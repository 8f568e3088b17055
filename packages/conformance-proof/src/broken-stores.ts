import { BROKEN_AUDITS } from './broken/audit.ts'
import { BROKEN_IDENTITIES } from './broken/identities-and-versions.ts'
import { BROKEN_OPERATIONS } from './broken/operations.ts'
import { BROKEN_OUTBOXES } from './broken/outbox.ts'
import { BROKEN_QUERIES, BROKEN_VALUES } from './broken/queries-and-values.ts'
import { BROKEN_SHAPES } from './broken/shape.ts'
import { BROKEN_TENANTS } from './broken/tenants.ts'
import { BROKEN_TRANSACTIONS } from './broken/transactions.ts'
import type { BrokenStore } from './store-under-proof.ts'

/** Every broken store: the reference store with one rule broken. */
export const BROKEN_STORES: readonly BrokenStore[] = [
  ...[...BROKEN_SHAPES, ...BROKEN_TRANSACTIONS, ...BROKEN_IDENTITIES, ...BROKEN_TENANTS],
  ...[...BROKEN_AUDITS, ...BROKEN_OUTBOXES, ...BROKEN_QUERIES, ...BROKEN_VALUES, ...BROKEN_OPERATIONS],
]

/** Rules that bind a store and have no broken store in memory: why, and what shows it instead. */
export const UNPROVED: Readonly<Record<string, string>> = {
  'TEN-06':
    'It takes an engine: tenant-layers.test.ts of store-postgres removes the policies, then the predicates.',
  'AUD-05': 'It takes a backend that is down while a denial is recorded: the memory store has none.',
  'MIG-02': 'It takes a schema: the memory store has none.',
  'MIG-03': 'It takes a schema: the memory store has none.',
  'MIG-05': 'It takes a schema: the memory store has none.',
  'LIF-02': 'It takes a backend that can be killed and paused: the memory store has none.',
  'LIF-03':
    'It takes a backend that can be killed: durability-control.test.ts of store-postgres has one that acknowledges before it is durable.',
}
