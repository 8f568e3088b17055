// From the results of cases to what they say about rules, tiers and the store.
import { RULES } from '@user-engine/store-protocol'
import { type ConformanceCase, DURABILITY_TIERS, type DurabilityTier } from './case.ts'
import { CASES } from './cases.ts'
import type { CaseResult, CaseStatus, RuleResult, TierResult, Verdict } from './report.ts'

interface Run {
  readonly planned: readonly ConformanceCase[]
  readonly results: readonly CaseResult[]
}

/** The reasons why a run says nothing: a green report must mean that something was shown. */
export function findEmptiness({ planned, results }: Run): readonly string[] {
  if (planned.length === 0) return ['No case was selected.']
  const missing = planned.length - results.length
  if (missing > 0) return [`${missing} of ${planned.length} planned cases were not run.`]
  const invalid = results.filter(({ status }) => status === 'invalid').length
  if (invalid > 0) return [`${invalid} of ${planned.length} cases could not be judged.`]
  return results.every(({ status }) => status === 'skipped') ? ['Every selected case was skipped.'] : []
}

/** The verdict. A failure counts even where other cases could not be judged. */
export function judgeVerdict({ planned, results }: Run, reasons: readonly string[]): Verdict {
  if (results.some(({ status }) => status === 'failed')) return 'not-conformant'
  if (reasons.length > 0) return 'invalid'
  return planned.length === CASES.length ? 'conformant' : 'partial'
}

/** What the cases say about every rule of the contract, in its order. */
export function judgeRules({ planned, results }: Run): readonly RuleResult[] {
  return RULES.map(({ id, level, appliesTo, untested }) => {
    const evidence = CASES.filter(({ rules }) => rules.includes(id))
    const base = { id, level, appliesTo, cases: evidence.map((conformanceCase) => conformanceCase.id) }
    if (evidence.length === 0) return { ...base, status: 'untested', reason: untested ?? null }
    if (!planned.some(({ rules }) => rules.includes(id)))
      return { ...base, status: 'not-selected', reason: null }
    return { ...base, ...summarise(results.filter(({ rules }) => rules.includes(id))) }
  })
}

const TIER_MEANINGS: { readonly [Tier in DurabilityTier]: string } = {
  D0: 'client killed',
  D1: 'database killed',
  D2: 'power cut',
  D3: 'database paused',
}

const NOT_RUN: { readonly [Tier in DurabilityTier]: string } = {
  D0: 'It takes a client in a process of its own; this run has one process.',
  D1: 'No case of this tier was selected.',
  D2: 'It takes a machine or a disk that loses what was not flushed; a killed process does not lose it.',
  D3: 'No case of this tier was selected.',
}

/** Which tiers of durability were really run [LIF-03]. */
export function judgeTiers({ results }: Run): readonly TierResult[] {
  return DURABILITY_TIERS.map((tier) => {
    const ids = new Set<string>(CASES.filter((known) => known.tier === tier).map(({ id }) => id))
    const seen = results.filter(({ id }) => ids.has(id))
    const base = { tier, meaning: TIER_MEANINGS[tier], cases: seen.map(({ id }) => id) }
    if (seen.length === 0) return { ...base, status: 'not-run', reason: NOT_RUN[tier] }
    return { ...base, ...summarise(seen) }
  })
}

function summarise(results: readonly CaseResult[]): {
  readonly status: CaseStatus
  readonly reason: string | null
} {
  const has = (status: CaseStatus) => results.some((result) => result.status === status)
  if (has('failed')) return { status: 'failed', reason: null }
  if (results.length === 0) return { status: 'invalid', reason: 'Its cases were not run.' }
  const status = has('invalid') ? 'invalid' : has('passed') ? 'passed' : 'skipped'
  if (status === 'passed') return { status, reason: null }
  return { status, reason: results.find((result) => result.status === status)?.reason ?? null }
}
