import type { StoreCapabilities } from '@user-engine/store-protocol'
import type { CaseContext } from './case.ts'
import { beginCaseSession } from './case-session.ts'
import { CASES } from './cases.ts'
import type { ConformanceHarness } from './harness.ts'
import { runPreflight } from './preflight.ts'
import type { Subject } from './subject.ts'

/** A store, judged through the harness that opens it. */
export const STORE_SUBJECT: Subject<ConformanceHarness, CaseContext, StoreCapabilities> = {
  kind: 'store',
  cases: CASES,
  isBoundBy: ({ appliesTo }) => !appliesTo.endsWith('capability'),
  prove: runPreflight,
  beginCase: (harness, { manifest: capabilities, ...options }) =>
    beginCaseSession(harness, { capabilities, ...options }),
  nameOf: ({ store }) => store,
}
