import type { RuleApplicability, RuleId, RuleLevel, StoreCapabilities } from '@user-engine/store-protocol'

/** What a run amounts to. `invalid`: it could not be judged, which is never a success. */
export type Verdict = 'conformant' | 'not-conformant' | 'invalid'

export type CaseStatus = 'passed' | 'failed' | 'skipped' | 'invalid'

export interface CaseFailure {
  /** The text of the first rule the case is evidence for. */
  readonly rule: string
  readonly what: string
  readonly expected: string
  readonly actual: string
  /** Where in the kit the assertion stands. */
  readonly where: string
}

export interface CaseResult {
  readonly id: string
  readonly rules: readonly RuleId[]
  readonly title: string
  readonly status: CaseStatus
  /** How many assertions were made. */
  readonly checks: number
  readonly durationMs: number
  /** Why it was skipped or could not be judged. */
  readonly reason: string | null
  readonly failure: CaseFailure | null
  readonly notes: readonly string[]
}

export type RuleStatus = 'passed' | 'failed' | 'skipped' | 'invalid' | 'untested' | 'not-selected'

export interface RuleResult {
  readonly id: RuleId
  readonly level: RuleLevel
  readonly appliesTo: RuleApplicability
  readonly status: RuleStatus
  readonly cases: readonly string[]
  readonly reason: string | null
}

/** The result of a run, as JSON-safe data. */
export interface ConformanceReport {
  readonly kit: { readonly name: string; readonly version: string }
  readonly protocolVersion: number
  readonly harness: string
  readonly store: StoreCapabilities['store'] | null
  readonly capabilities: StoreCapabilities | null
  readonly seed: number
  readonly startedAt: string
  readonly durationMs: number
  readonly verdict: Verdict
  /** Why a run that is `invalid` could not be judged. */
  readonly reasons: readonly string[]
  readonly planned: number
  readonly executed: number
  readonly rules: readonly RuleResult[]
  readonly cases: readonly CaseResult[]
}

/** The report for a terminal: the verdict, what failed and where to look, and what was not shown. */
export function formatReport(report: ConformanceReport): string {
  const { store, cases, rules } = report
  const count = (status: CaseStatus) => cases.filter((result) => result.status === status).length
  const rulesWith = (status: RuleStatus) => rules.filter((rule) => rule.status === status)
  const lines = [
    `${report.harness}: ${store?.name ?? 'no store'} ${store?.version ?? ''} against protocol ${report.protocolVersion}`,
    `verdict: ${report.verdict}`,
    ...report.reasons.map((reason) => `  ${reason}`),
    `cases: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped, ${count('invalid')} invalid (of ${report.planned} planned)`,
    `rules: ${rulesWith('passed').length} of ${rules.length} passed; seed ${report.seed}; ${Math.round(report.durationMs)} ms`,
  ]
  for (const { id, title, failure, reason, status } of cases) {
    if (status === 'failed' && failure !== null) {
      lines.push('', `FAILED ${id}: ${title}`, `  rule: ${failure.rule}`, `  ${failure.what}`)
      lines.push(`  expected: ${failure.expected}`, `  actual:   ${failure.actual}`, `  at ${failure.where}`)
    }
    if (status === 'invalid') lines.push('', `INVALID ${id}: ${title}`, `  ${reason ?? ''}`)
  }
  for (const rule of [...rulesWith('skipped'), ...rulesWith('untested')]) {
    lines.push(`${rule.status} ${rule.id}: ${rule.reason ?? ''}`)
  }
  return lines.join('\n')
}
