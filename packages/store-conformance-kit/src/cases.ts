import type { ConformanceCase } from './case.ts'
import { AUDIT_CASES } from './suites/audit.ts'
import { DIAGNOSTICS_CASES } from './suites/diagnostics.ts'
import { IDEMPOTENCY_CASES } from './suites/idempotency.ts'
import { IDENTITY_CASES } from './suites/identities.ts'
import { LIFE_CYCLE_CASES } from './suites/life-cycle.ts'
import { LEASE_CASES } from './suites/outbox-leases.ts'
import { ORDER_CASES } from './suites/outbox-order.ts'
import { QUERY_CASES } from './suites/queries.ts'
import { SCHEMA_CASES } from './suites/schema.ts'
import { SHAPE_CASES } from './suites/shape.ts'
import { TENANT_CASES } from './suites/tenant-boundary.ts'
import { ATOMIC_CASES } from './suites/transactions-atomic.ts'
import { ISOLATION_CASES } from './suites/transactions-isolation.ts'
import { NESTED_CASES } from './suites/transactions-nested.ts'
import { VALUE_CASES } from './suites/values.ts'
import { VERSION_CASES } from './suites/versions.ts'

/** Every case of the kit, in the order in which they run. */
export const CASES: readonly ConformanceCase[] = [
  ...SHAPE_CASES,
  ...ATOMIC_CASES,
  ...NESTED_CASES,
  ...ISOLATION_CASES,
  ...IDEMPOTENCY_CASES,
  ...IDENTITY_CASES,
  ...VERSION_CASES,
  ...TENANT_CASES,
  ...AUDIT_CASES,
  ...LEASE_CASES,
  ...ORDER_CASES,
  ...QUERY_CASES,
  ...VALUE_CASES,
  ...SCHEMA_CASES,
  ...DIAGNOSTICS_CASES,
  ...LIFE_CYCLE_CASES,
]
