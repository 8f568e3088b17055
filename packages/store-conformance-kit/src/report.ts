import type { RuleApplicability, RuleId, RuleLevel } from '@user-engine/store-protocol'
import type { RaceResult } from './calibration/race.ts'
import type { DurabilityTier } from './case.ts'
import type { AnyManifest, NameAndVersion, SubjectKind } from './subject.ts'
import type { Waiver } from './waivers/waiver.ts'

export const VERDICTS = [
  'conformant',
  'conformant-with-waivers',
  'not-conformant',
  'partial',
  'invalid',
] as const

/**
 * What a run amounts to. Only the first two speak for what was judged as a whole; `conformant-with-waivers`: what failed is
 * covered by waivers. `partial`: everything that was selected passed or is waived, and the rest of the contract was not
 * judged. `invalid`: it could not be judged, which is never a success.
 */
export type Verdict = (typeof VERDICTS)[number]

export const CASE_STATUSES = ['passed', 'failed', 'skipped', 'invalid'] as const

export type CaseStatus = (typeof CASE_STATUSES)[number]

export interface CaseFailure {
  /** The id and the text of the first rule the case is evidence for. */
  readonly rule: string
  /** What should have been true. */
  readonly what: string
  readonly expected: string
  readonly actual: string
  /** Where in the kit the assertion stands, as file, line and column. */
  readonly where: string
}

export interface CaseResult {
  readonly id: string
  readonly rules: readonly RuleId[]
  readonly title: string
  readonly status: CaseStatus
  /** Whether it is too new to count: what it says changes no verdict before the next breaking release of the kit. */
  readonly advisory: boolean
  /** Whether it failed and a waiver covers the first of its rules. */
  readonly waived: boolean
  /** How many assertions were made. */
  readonly checks: number
  readonly durationMs: number
  /** Why it was skipped or could not be judged. */
  readonly reason: string | null
  readonly failure: CaseFailure | null
  /** Facts of this run, for example how much contention there was. */
  readonly notes: readonly string[]
  /** The races of the case, with what their calibration found. */
  readonly races: readonly RaceResult[]
}

/** What several cases amount to; `advisory` when all of them are, `waived` when what failed is. */
export type EvidenceStatus = CaseStatus | 'waived' | 'advisory'

export type RuleStatus = EvidenceStatus | 'untested' | 'not-selected'

export interface RuleResult {
  readonly id: RuleId
  readonly level: RuleLevel
  readonly appliesTo: RuleApplicability
  readonly status: RuleStatus
  /** The ids of the cases that are evidence for it. */
  readonly cases: readonly string[]
  /** Why it was skipped, could not be judged, or has no case. */
  readonly reason: string | null
}

/** What was really done to the backend, for claims about durability [LIF-03]. */
export interface TierResult {
  readonly tier: DurabilityTier
  readonly meaning: string
  readonly status: EvidenceStatus | 'not-run'
  readonly cases: readonly string[]
  readonly reason: string | null
}

/** A waiver, and the cases whose failures it covers in this run. */
export interface WaiverResult extends Waiver {
  readonly cases: readonly string[]
}

/** The result of a run, as JSON-safe data in a stable order. */
export interface ConformanceReport {
  readonly kit: { readonly name: string; readonly version: string }
  /** The protocol version that was judged. */
  readonly protocolVersion: number
  readonly harness: string
  /** What was judged: a store, or what a provider hands over. */
  readonly subject: SubjectKind
  /** Its name and version; `null` when it could not be judged. */
  readonly judged: NameAndVersion | null
  readonly manifest: AnyManifest | null
  /** What the harness says it runs on. */
  readonly backendVersion: string | null
  readonly seed: number
  readonly startedAt: string
  readonly durationMs: number
  readonly verdict: Verdict
  /** Why a run that is `invalid` could not be judged. */
  readonly reasons: readonly string[]
  /** How many cases the kit has, how many of them were to be run, and how many were. */
  readonly known: number
  readonly planned: number
  readonly executed: number
  readonly rules: readonly RuleResult[]
  readonly tiers: readonly TierResult[]
  readonly waivers: readonly WaiverResult[]
  readonly cases: readonly CaseResult[]
}
