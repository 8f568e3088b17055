import { findRule, RULE_SECTIONS, type RuleId, type RuleSection } from '@user-engine/store-protocol'
import type { ConformanceCase } from './case.ts'
import { CASES } from './cases.ts'

/** Which cases to run. What is not given does not restrict. */
export interface CaseSelection {
  /** Only the cases that are evidence for a rule of one of these sections. */
  readonly suites?: readonly RuleSection[]
  /** Only the cases that are evidence for one of these rules. */
  readonly rules?: readonly RuleId[]
  /** Only the cases for which this is true: to run some of them on another backend. */
  readonly select?: (conformanceCase: ConformanceCase) => boolean
}

/** The cases that a selection amounts to, in their stated order. */
export function selectCases({ suites, rules, select }: CaseSelection): readonly ConformanceCase[] {
  return CASES.filter((conformanceCase) => {
    const { rules: evidenceFor } = conformanceCase
    return (
      (suites === undefined ||
        evidenceFor.some((rule) => suites.some((suite) => rule.startsWith(`${suite}-`)))) &&
      (rules === undefined || evidenceFor.some((rule) => rules.includes(rule))) &&
      (select === undefined || select(conformanceCase))
    )
  })
}

/** What a selection names that there is nothing to run for, as sentences: it would be left out without a word. */
export function findUnknownSelection({ suites = [], rules = [] }: CaseSelection): readonly string[] {
  const known: readonly string[] = RULE_SECTIONS
  return [
    ...suites
      .filter((suite) => !known.includes(suite))
      .map((suite) => `There is no suite ${suite}; the suites are ${RULE_SECTIONS.join(', ')}.`),
    ...rules.flatMap((id) => {
      const rule = findRule(id)
      if (rule === undefined) return [`The contract has no rule ${id}.`]
      return rule.untested === undefined ? [] : [`No case shows ${id}: ${rule.untested}`]
    }),
  ]
}
