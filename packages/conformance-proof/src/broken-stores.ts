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

/** Rules that bind a store and have no broken store: why, and what shows it instead. */
export const UNPROVED: Readonly<Record<string, string>> = {}
