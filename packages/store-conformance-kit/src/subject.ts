import type { Rule, StoreCapabilities } from '@user-engine/store-protocol'
import type { CapabilityManifest } from './capability/manifest.ts'
import type { SubjectCase } from './case.ts'
import type { CaseSession } from './case-session.ts'
import type { Check } from './check.ts'
import type { AnyHarness } from './harness.ts'
import type { PreflightResult } from './preflight.ts'

/** What the kit judges: a store, or what a provider hands over for one on Postgres. */
export const SUBJECT_KINDS = ['store', 'postgres-capability'] as const

export type SubjectKind = (typeof SUBJECT_KINDS)[number]

/** The name and the version of what was judged. */
export interface NameAndVersion {
  readonly name: string
  readonly version: string
}

/** What something says of itself: by it the kit decides which cases apply. */
export type AnyManifest = StoreCapabilities | CapabilityManifest

/** One kind of thing that the kit judges: its cases, and what the one engine does differently for it. */
export interface Subject<Harness extends AnyHarness, Context, Manifest extends AnyManifest> {
  readonly kind: SubjectKind
  /** Its cases, in the order in which they run. */
  readonly cases: readonly SubjectCase<Context, Manifest>[]
  /** Whether a rule of the contract is one about it. */
  isBoundBy(rule: Rule): boolean
  /** Proves the harness before any case. Never rejects: what goes wrong becomes a reason. */
  prove(harness: Harness, seed: number): Promise<PreflightResult<Manifest>>
  /** What one case works with. @throws HarnessFailure when the harness has nothing to give. */
  beginCase(harness: Harness, options: BeginOptions<Manifest>): Promise<CaseSession<Context>>
  nameOf(manifest: Manifest): NameAndVersion
}

export interface BeginOptions<Manifest> {
  readonly manifest: Manifest
  readonly check: Check
  readonly seed: number
}

/** A harness that was proved, of something that can be judged now. */
export interface Bench<Harness extends AnyHarness, Context, Manifest extends AnyManifest> {
  readonly subject: Subject<Harness, Context, Manifest>
  readonly harness: Harness
  readonly manifest: Manifest
}
