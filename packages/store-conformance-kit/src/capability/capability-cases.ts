import { BOUNDARY_CASES } from '../suites/capability/boundary.ts'
import { EPOCH_CASES, RESTORE_CASES } from '../suites/capability/epoch.ts'
import { HANDED_OVER_CASES } from '../suites/capability/handed-over.ts'
import { INSTALLATION_CASES } from '../suites/capability/installations.ts'
import { LEASE_CASES } from '../suites/capability/leases.ts'
import { LOGIN_CASES } from '../suites/capability/logins.ts'
import { POOLER_CASES } from '../suites/capability/pooler.ts'
import { SERVER_FACT_CASES } from '../suites/capability/server-facts.ts'
import { TENANT_CONTEXT_CASES } from '../suites/capability/tenant-context.ts'
import { TLS_CASES } from '../suites/capability/tls.ts'
import type { CapabilityCase } from './capability-case.ts'

/** Every case about what a provider hands over, in the order in which they run. */
export const CAPABILITY_CASES: readonly CapabilityCase[] = [
  ...[...HANDED_OVER_CASES, ...LOGIN_CASES, ...SERVER_FACT_CASES, ...TLS_CASES],
  ...[...POOLER_CASES, ...TENANT_CONTEXT_CASES, ...BOUNDARY_CASES, ...INSTALLATION_CASES],
  ...[...LEASE_CASES, ...EPOCH_CASES, ...RESTORE_CASES],
]
