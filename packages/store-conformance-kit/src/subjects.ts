import { CAPABILITY_SUBJECT } from './capability/capability-subject.ts'
import { type CapabilityHarness, isCapabilityHarness } from './capability/harness.ts'
import type { AnyHarness, ConformanceHarness } from './harness.ts'
import { STORE_SUBJECT } from './store-subject.ts'
import type { AnyManifest, Subject } from './subject.ts'

/** Does something with the kind of thing that a harness is about. */
export function withSubject<Result>(
  harness: ConformanceHarness | CapabilityHarness,
  work: <Harness extends AnyHarness, Context, Manifest extends AnyManifest>(
    subject: Subject<Harness, Context, Manifest>,
    harness: Harness,
  ) => Result,
): Result {
  return isCapabilityHarness(harness) ? work(CAPABILITY_SUBJECT, harness) : work(STORE_SUBJECT, harness)
}
