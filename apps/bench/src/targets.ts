// What the measurements are held against. A ratio is never taken across runs.
import type { OperationName } from './suites/operations.ts'

interface RatioTarget {
  readonly operations: readonly OperationName[]
  readonly path: 'store' | 'service'
  /** Of what pgbench reaches with the same statements in one pipeline. */
  readonly ofLimit: { readonly 1: number; readonly 16: number }
}

export const RATIO_TARGETS: readonly RatioTarget[] = [
  {
    operations: ['updateUser', 'setProfileValue', 'provisionUser'],
    path: 'store',
    ofLimit: { 1: 0.9, 16: 0.85 },
  },
  { operations: ['updateUser'], path: 'service', ofLimit: { 1: 0.7, 16: 0.55 } },
  // They decide between their statements.
  { operations: ['setProfileValue', 'provisionUser'], path: 'service', ofLimit: { 1: 0.6, 16: 0.45 } },
  { operations: ['resolveIdentity', 'getUser'], path: 'store', ofLimit: { 1: 0.75, 16: 0.55 } },
  { operations: ['listPage', 'effectiveProfile'], path: 'store', ofLimit: { 1: 0.65, 16: 0.45 } },
]

/** How often faster than a Prisma interactive transaction a write is, through the store and through the service. */
export const TIMES_PRISMA = {
  operations: ['updateUser', 'setProfileValue', 'provisionUser'],
  paths: ['store', 'service'],
  times: 5,
} as const

/** How often faster claim and acknowledge are at a batch of 100. */
export const TIMES_QUEUES = { batch: 100, times: { 'pg-boss': 10, 'graphile-worker': 5 } } as const

export const IMPORT_TARGETS = { ofCopy: 0.5, timesPrisma: 7 } as const

/** Commands and queries of the service on the store in memory, per second of one core, at every size. */
export const MEMORY_RATE = 100_000

/** How much slower an operation may be on the large database, or while vacuum cannot do its work. */
export const GROWTH_LIMIT = 1.3
