import type { Subject } from '../subject.ts'
import type { CapabilityContext } from './capability-case.ts'
import { CAPABILITY_CASES } from './capability-cases.ts'
import { beginCapabilityCase } from './capability-session.ts'
import type { CapabilityHarness } from './harness.ts'
import type { CapabilityManifest } from './manifest.ts'
import { proveCapabilityHarness } from './preflight.ts'

/** What a provider hands over for a store on Postgres, judged from outside: through its leases alone. */
export const CAPABILITY_SUBJECT: Subject<CapabilityHarness, CapabilityContext, CapabilityManifest> = {
  kind: 'postgres-capability',
  cases: CAPABILITY_CASES,
  isBoundBy: ({ appliesTo }) => appliesTo.endsWith('capability'),
  prove: proveCapabilityHarness,
  beginCase: beginCapabilityCase,
  nameOf: ({ provider }) => provider,
}
