// What the databases of the benchmark hold, computed from a number: so that every path, pgbench included, can name a
// record without reading it first.
import { createIdGenerator } from '@user-engine/service'

/** How much a database holds. */
export interface WorldSize {
  readonly users: number
  readonly tenants: number
  /** Events that have been handed over and acknowledged. */
  readonly delivered: number
  readonly auditRecords: number
}

/** The kinds of seeded ids, as they stand in the ids. */
export const SEEDED = {
  user: '001',
  account: '002',
  identity: '003',
  tenantAccount: '004',
  application: '005',
  catalog: '006',
  binding: '007',
  event: '008',
  audit: '009',
  // The values of one user: one kind per attribute, from 100 on.
  firstValue: '100',
} as const

/** Users with a full profile: this many from the first on. */
export const PROFILED_USERS = 10_000
export const ATTRIBUTES = 30
export const ISSUER = 'https://login.example.test/realms/main'
export const INSTANT = '2026-01-01T00:00:00.000Z'

/** The id of the nth record of a kind. */
export function seededId(kind: string, n: number): string {
  return `00000000-0000-7000-8${kind}-${n.toString(16).padStart(12, '0')}`
}

/** The same in SQL. */
export function seededIdSql(kind: string, n: string): string {
  return `('00000000-0000-7000-8${kind}-' || lpad(to_hex(${n}), 12, '0'))::uuid`
}

export function attributeKey(index: number): string {
  return `attribute-${String(index).padStart(2, '0')}`
}

export function tenantOf(n: number, { tenants }: Pick<WorldSize, 'tenants'>): string {
  return `tenant-${n % tenants}`
}

export function subjectOf(n: number): string {
  return `subject-${n}`
}

export const APPLICATION_ID = seededId(SEEDED.application, 1)
export const CATALOG_ID = seededId(SEEDED.catalog, 1)

const ids = createIdGenerator()

/** An id as the service makes it. */
export function newId(): string {
  return ids.next()
}
