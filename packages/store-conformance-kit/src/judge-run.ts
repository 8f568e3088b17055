// From the results of cases to what they say about rules, tiers and the store.
import { RULES, type Rule, type RuleId } from '@user-engine/store-protocol'
import { type CaseFacts, DURABILITY_TIERS, type DurabilityTier } from './case.ts'
import { namesCapability } from './named-capability.ts'
import type {
  CaseResult,
  CaseStatus,
  EvidenceStatus,
  RuleResult,
  TierResult,
  Verdict,
  WaiverResult,
} from './report.ts'
import type { Waiver } from './waivers/waiver.ts'

/** What was to be run of the cases there are, and what came of it. */
export interface Run {
  /** Every case about the kind of thing that is judged. */
  readonly known: readonly CaseFacts[]
  readonly planned: readonly CaseFacts[]
  readonly results: readonly CaseResult[]
}

/** The reasons why a run says nothing: a green report must mean that something was shown. */
export function findEmptiness({ planned, results }: Omit<Run, 'known'>): readonly string[] {
  if (planned.length === 0) return ['No case was selected.']
  const missing = planned.length - results.length
  if (missing > 0) return [`${missing} of ${planned.length} planned cases were not run.`]
  const invalid = results.filter(({ status, advisory }) => status === 'invalid' && !advisory).length
  if (invalid > 0) return [`${invalid} of ${planned.length} cases could not be judged.`]
  return results.every(({ status }) => status === 'skipped') ? ['Every selected case was skipped.'] : []
}

/** The skips that the manifest does not excuse: what is left out must be traceable to an answer of it. */
export function findUnexcusedSkips({ results }: Pick<Run, 'results'>, manifest: object): readonly string[] {
  return results
    .filter(({ status, reason }) => status === 'skipped' && !namesCapability(reason, manifest))
    .map(({ id }) => `${id} was skipped without naming a capability of the manifest.`)
}

/** The verdict. A failure counts even where other cases could not be judged; advisory cases never count. */
export function judgeVerdict({ known, planned, results }: Run, reasons: readonly string[]): Verdict {
  const failed = results.filter(({ status, advisory }) => status === 'failed' && !advisory)
  if (failed.some(({ waived }) => !waived)) return 'not-conformant'
  if (reasons.length > 0) return 'invalid'
  if (planned.length < known.length) return 'partial'
  return failed.length > 0 ? 'conformant-with-waivers' : 'conformant'
}

/** What the cases say about every rule that binds what was judged, in the order of the contract. */
export function judgeRules(
  { known, planned, results }: Run,
  isBoundBy: (rule: Rule) => boolean,
): readonly RuleResult[] {
  return RULES.filter(isBoundBy).map(({ id, level, appliesTo, untested }) => {
    const evidence = known.filter(({ rules }) => rules.includes(id))
    const base = { id, level, appliesTo, cases: evidence.map((conformanceCase) => conformanceCase.id) }
    if (evidence.length === 0) return { ...base, status: 'untested', reason: untested ?? null }
    if (!planned.some(({ rules }) => rules.includes(id)))
      return { ...base, status: 'not-selected', reason: null }
    return { ...base, ...(isHidden(id, results) ? HIDDEN : summarise(countFor(id, results))) }
  })
}

/**
 * The rules that a waiver of another rule took the evidence from. In a whole run each rule must be shown by something
 * else: a waiver says nothing about a rule that it does not name.
 */
export function findHiddenRules({ known, planned, results }: Run): readonly string[] {
  if (planned.length < known.length) return []
  return RULES.filter(({ id }) => isHidden(id, results)).map(
    ({ id }) => `Nothing shows ${id} but cases whose failure is waived for another rule.`,
  )
}

const HIDDEN = { status: 'waived', reason: 'Its cases failed, and are waived for another rule.' } as const

// A case that is waived for another rule neither shows this one nor speaks against it.
function countFor(id: RuleId, results: readonly CaseResult[]): readonly CaseResult[] {
  return results.filter(({ rules, waived }) => rules.includes(id) && (!waived || rules[0] === id))
}

function isHidden(id: RuleId, results: readonly CaseResult[]): boolean {
  const counted = countFor(id, results)
  const isTouched = results.some(({ rules, waived }) => rules.includes(id) && waived && rules[0] !== id)
  return isTouched && counted.every(({ status, advisory }) => status === 'skipped' || advisory)
}

const TIER_MEANINGS: { readonly [Tier in DurabilityTier]: string } = {
  D0: 'client killed',
  D1: 'database killed',
  D2: 'power cut',
  D3: 'database paused',
}

const NOT_RUN: { readonly [Tier in DurabilityTier]: string } = {
  D0: 'No case of this tier was selected.',
  D1: 'No case of this tier was selected.',
  D2: 'It takes a machine or a disk that loses what was not flushed; a killed process does not lose it.',
  D3: 'No case of this tier was selected.',
}

/** Which tiers of durability were really run [LIF-03]; none for what has no case of any tier. */
export function judgeTiers({ known, results }: Omit<Run, 'planned'>): readonly TierResult[] {
  if (known.every(({ tier }) => tier === undefined)) return []
  return DURABILITY_TIERS.map((tier) => {
    const ids = new Set<string>(known.filter((one) => one.tier === tier).map(({ id }) => id))
    const seen = results.filter(({ id }) => ids.has(id))
    const base = { tier, meaning: TIER_MEANINGS[tier], cases: seen.map(({ id }) => id) }
    if (seen.length === 0) return { ...base, status: 'not-run', reason: NOT_RUN[tier] }
    return { ...base, ...summarise(seen) }
  })
}

/** The waivers of a run, each with the failures it covers; one without any can go. */
export function judgeUseOfWaivers(
  waivers: readonly Waiver[],
  { results }: Pick<Run, 'results'>,
): readonly WaiverResult[] {
  return waivers.map((waiver) => ({
    ...waiver,
    cases: results
      .filter(({ waived, rules: [first] }) => waived && first === waiver.rule)
      .map(({ id }) => id),
  }))
}

function summarise(results: readonly CaseResult[]): {
  readonly status: EvidenceStatus
  readonly reason: string | null
} {
  const binding = results.filter(({ advisory }) => !advisory)
  const has = (status: CaseStatus) => binding.some((result) => result.status === status)
  if (results.length === 0) return { status: 'invalid', reason: 'Its cases were not run.' }
  if (binding.length === 0)
    return { status: 'advisory', reason: 'All its cases are advisory in this release of the kit.' }
  if (binding.some(({ status, waived }) => status === 'failed' && !waived))
    return { status: 'failed', reason: null }
  const status = has('invalid') ? 'invalid' : has('failed') ? 'waived' : has('passed') ? 'passed' : 'skipped'
  if (status === 'passed' || status === 'waived') return { status, reason: null }
  return { status, reason: binding.find((result) => result.status === status)?.reason ?? null }
}
