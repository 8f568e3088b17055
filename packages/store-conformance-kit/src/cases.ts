import type { ConformanceCase } from './case.ts'
import { ANOMALY_CASES } from './suites/anomalies/anomaly-cases.ts'
import { APPEND_ONLY_CASES } from './suites/audit/append-only.ts'
import { DENIAL_CASES } from './suites/audit/denials.ts'
import { AUDIT_ORDER_CASES } from './suites/audit/order-and-filters.ts'
import { DIAGNOSTICS_CASES } from './suites/diagnostics/diagnostics.ts'
import { IDENTITY_CASES } from './suites/identities/identities.ts'
import { UNIQUENESS_CASES } from './suites/identities/uniqueness.ts'
import { DURABILITY_CASES } from './suites/life-cycle/durability.ts'
import { INSTANCE_CASES } from './suites/life-cycle/instances.ts'
import { OUTAGE_CASES } from './suites/life-cycle/outages.ts'
import { CONCURRENT_MODEL_CASES } from './suites/model/concurrent.ts'
import { SEQUENTIAL_MODEL_CASES } from './suites/model/sequential.ts'
import { ACCOUNTING_CASES } from './suites/outbox/accounting.ts'
import { DEAD_LETTER_CASES } from './suites/outbox/dead-letters.ts'
import { GROWTH_CASES } from './suites/outbox/growth.ts'
import { HAND_OVER_CASES } from './suites/outbox/hand-over.ts'
import { HELD_AT_ONCE_CASES } from './suites/outbox/held-at-once.ts'
import { LEASE_CASES } from './suites/outbox/leases.ts'
import { ORDER_CASES } from './suites/outbox/order.ts'
import { RELEASE_CASES } from './suites/outbox/releases.ts'
import { STATS_CASES } from './suites/outbox/stats.ts'
import { PROCESS_CONTENTION_CASES } from './suites/processes/contention.ts'
import { KILLED_CLIENT_CASES } from './suites/processes/killed-clients.ts'
import { PROCESS_LEASE_CASES } from './suites/processes/leases.ts'
import { PROCESS_MIGRATION_CASES } from './suites/processes/migrations.ts'
import { ARGUMENT_CASES } from './suites/queries/arguments.ts'
import { COUNT_CASES } from './suites/queries/counts.ts'
import { CURSOR_CASES } from './suites/queries/cursors.ts'
import { PAGE_CASES } from './suites/queries/pages.ts'
import { HISTORY_CASES } from './suites/schema/history.ts'
import { READINESS_CASES } from './suites/schema/readiness.ts'
import { ALIASING_CASES } from './suites/shape/aliasing.ts'
import { ERROR_CASES } from './suites/shape/errors.ts'
import { MANIFEST_CASES } from './suites/shape/manifest.ts'
import { METHOD_CASES } from './suites/shape/methods.ts'
import { SCOPE_CASES } from './suites/shape/scopes.ts'
import { STYLE_CASES } from './suites/shape/styles.ts'
import { BOUNDARY_CASES } from './suites/tenants/boundary.ts'
import { MATRIX_CASES } from './suites/tenants/matrix.ts'
import { SAME_KEY_CASES } from './suites/tenants/same-keys.ts'
import { TENANT_VISIBILITY_CASES } from './suites/tenants/visibility.ts'
import { ATOMICITY_CASES } from './suites/transactions/atomicity.ts'
import { CONTENTION_CASES } from './suites/transactions/contention.ts'
import { DEADLINE_CASES } from './suites/transactions/deadlines.ts'
import { FAILED_STATEMENT_CASES } from './suites/transactions/failed-statements.ts'
import { HANDLE_CASES } from './suites/transactions/handles.ts'
import { IDEMPOTENCY_CASES } from './suites/transactions/idempotency.ts'
import { ISOLATION_CASES } from './suites/transactions/isolation.ts'
import { NESTING_CASES } from './suites/transactions/nesting.ts'
import { NESTING_UNDO_CASES } from './suites/transactions/nesting-undo.ts'
import { UNKNOWN_OUTCOME_CASES } from './suites/transactions/unknown-outcomes.ts'
import { VISIBILITY_CASES } from './suites/transactions/visibility.ts'
import { INSTANT_CASES } from './suites/values/instants.ts'
import { JSON_CASES } from './suites/values/json.ts'
import { RECORD_CASES } from './suites/values/records.ts'
import { TEXT_CASES } from './suites/values/texts.ts'
import { VERSION_CASES } from './suites/versions/versions.ts'

/** Every case of the kit, in the order in which they run. */
export const CASES: readonly ConformanceCase[] = [
  ...[...MANIFEST_CASES, ...METHOD_CASES, ...SCOPE_CASES, ...STYLE_CASES, ...ERROR_CASES, ...ALIASING_CASES],
  ...[
    ...ATOMICITY_CASES,
    ...FAILED_STATEMENT_CASES,
    ...HANDLE_CASES,
    ...NESTING_CASES,
    ...NESTING_UNDO_CASES,
  ],
  ...[...VISIBILITY_CASES, ...ISOLATION_CASES, ...ANOMALY_CASES, ...CONTENTION_CASES, ...DEADLINE_CASES],
  ...[...IDEMPOTENCY_CASES, ...UNKNOWN_OUTCOME_CASES],
  ...[...IDENTITY_CASES, ...UNIQUENESS_CASES, ...VERSION_CASES],
  ...[...BOUNDARY_CASES, ...TENANT_VISIBILITY_CASES, ...MATRIX_CASES, ...SAME_KEY_CASES],
  ...[...APPEND_ONLY_CASES, ...DENIAL_CASES, ...AUDIT_ORDER_CASES],
  ...[
    ...HAND_OVER_CASES,
    ...LEASE_CASES,
    ...ORDER_CASES,
    ...DEAD_LETTER_CASES,
    ...RELEASE_CASES,
    ...HELD_AT_ONCE_CASES,
    ...ACCOUNTING_CASES,
    ...STATS_CASES,
    ...GROWTH_CASES,
  ],
  ...[...PAGE_CASES, ...CURSOR_CASES, ...ARGUMENT_CASES, ...COUNT_CASES],
  ...[...JSON_CASES, ...TEXT_CASES, ...RECORD_CASES, ...INSTANT_CASES],
  ...[...SEQUENTIAL_MODEL_CASES, ...CONCURRENT_MODEL_CASES],
  ...[...READINESS_CASES, ...HISTORY_CASES, ...DIAGNOSTICS_CASES],
  ...[...INSTANCE_CASES, ...PROCESS_CONTENTION_CASES, ...PROCESS_LEASE_CASES, ...PROCESS_MIGRATION_CASES],
  ...[...KILLED_CLIENT_CASES, ...OUTAGE_CASES, ...DURABILITY_CASES],
]
