import { findRule, formatIssues, type Rule, type RuleId } from '@user-engine/store-protocol'
import * as z from 'zod'

/** An agreed exception: a rule that a store is known to break, why, where that is tracked, and until when. */
export interface Waiver {
  /** A rule that does not bind every store, or everything that is handed over. */
  readonly rule: RuleId
  readonly reason: string
  /** Where the way out is tracked, as a URL. */
  readonly link: string
  /** The last day on which it holds (UTC), as `2027-01-31`. */
  readonly expires: string
}

export const waiverFields = {
  rule: z.string().min(1),
  reason: z.string().min(1),
  link: z.url(),
  expires: z.iso.date(),
}

const waiverSchema = z.strictObject(waiverFields)

export type WaiverJudgement =
  | { readonly ok: true; readonly waivers: readonly Waiver[] }
  /** Sentences that say what to change. */
  | { readonly ok: false; readonly reasons: readonly string[] }

/**
 * Judges waivers as they came from a file. Refused are an unknown rule, a missing or unknown field, a waiver past its
 * last day, two for one rule, and one for a rule that every store must keep.
 */
export function judgeWaivers(candidates: unknown, now: Date): WaiverJudgement {
  if (!Array.isArray(candidates)) return { ok: false, reasons: ['Waivers must be a list.'] }
  const waivers: Waiver[] = []
  const reasons: string[] = []
  for (const [index, candidate] of candidates.entries()) {
    const judged = judgeWaiver(candidate, now)
    const name = `Waiver ${index + 1}`
    if (Array.isArray(judged)) reasons.push(...judged.map((trouble) => `${name} ${trouble}`))
    else if (waivers.some(({ rule }) => rule === judged.rule))
      reasons.push(`${name} names ${judged.rule} a second time.`)
    else waivers.push(judged)
  }
  return reasons.length > 0 ? { ok: false, reasons } : { ok: true, waivers }
}

/** Whether a rule may be waived: what every store, or everything that is handed over, must do, may not. */
export function isWaivable({ appliesTo, level }: Rule): boolean {
  return !(appliesTo.startsWith('every-') && level === 'MUST')
}

/** Whether waivers cover a failed case: a case fails for the first of its rules, the one in its id. */
export function isCovered([first]: readonly RuleId[], waivers: readonly Waiver[]): boolean {
  return waivers.some(({ rule }) => rule === first)
}

function judgeWaiver(candidate: unknown, now: Date): Waiver | string[] {
  const parsed = waiverSchema.safeParse(candidate)
  if (!parsed.success) {
    return formatIssues(parsed.error).map(({ path, expected }) =>
      path === '' ? `must have ${expected}.` : `must have ${expected} as its ${path}.`,
    )
  }
  const { rule: id, ...rest } = parsed.data
  const rule = findRule(id)
  if (rule === undefined) return [`names ${id}, a rule that the contract does not have.`]
  if (!isWaivable(rule))
    return [
      `names ${id}, which binds ${rule.appliesTo === 'every-store' ? 'every store' : 'everything that is handed over'}: it cannot be waived.`,
    ]
  // Days compare as text: both are written year first.
  if (rest.expires < now.toISOString().slice(0, 10))
    return [`for ${id} expired on ${rest.expires}: renew it or make the store pass.`]
  return { rule: rule.id, ...rest }
}
