import { findRule, RULE_SECTIONS, type RuleId, type RuleSection } from '@user-engine/store-protocol'
import type { CaseFacts } from './case.ts'

/** Which cases to run. What is not given does not restrict. */
export interface CaseSelection {
  /** Only the cases that are evidence for a rule of one of these sections. */
  readonly suites?: readonly RuleSection[]
  /** Only the cases that are evidence for one of these rules. */
  readonly rules?: readonly RuleId[]
  /** Only the cases for which this is true: to run some of them on another backend. */
  readonly select?: (conformanceCase: CaseFacts) => boolean
}

/** The cases that a selection amounts to, in the order in which they are given. */
export function selectCases<Case extends CaseFacts>(
  cases: readonly Case[],
  { suites, rules, select }: CaseSelection,
): readonly Case[] {
  return cases.filter((conformanceCase) => {
    const { rules: evidenceFor } = conformanceCase
    return (
      (suites === undefined ||
        evidenceFor.some((rule) => suites.some((suite) => rule.startsWith(`${suite}-`)))) &&
      (rules === undefined || evidenceFor.some((rule) => rules.includes(rule))) &&
      (select === undefined || select(conformanceCase))
    )
  })
}

/** What a selection names that none of these cases is about, as sentences: it would be left out without a word. */
export function findUnknownSelection(
  cases: readonly CaseFacts[],
  { suites = [], rules = [] }: CaseSelection,
): readonly string[] {
  const shown = new Set(cases.flatMap(({ rules: evidenceFor }) => evidenceFor))
  const known = RULE_SECTIONS.filter((section) => [...shown].some((rule) => rule.startsWith(`${section}-`)))
  return [
    ...suites
      .filter((suite) => !known.includes(suite))
      .map((suite) => `There is no suite ${suite}; the suites are ${known.join(', ')}.`),
    ...rules.flatMap((id) => {
      const rule = findRule(id)
      if (rule === undefined) return [`The contract has no rule ${id}.`]
      if (shown.has(id)) return []
      return [
        rule.untested === undefined
          ? `${id} is judged by the other kind of harness.`
          : `No case shows ${id}: ${rule.untested}`,
      ]
    }),
  ]
}
