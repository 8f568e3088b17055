import { setTimeout as delay } from 'node:timers/promises'
import {
  findRule,
  PROTOCOL_VERSION,
  RULES,
  type RuleId,
  type RuleSection,
  type StoreCapabilities,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from './case.ts'
import { CASES } from './cases.ts'
import { CheckFailure, createCheck } from './check.ts'
import type { ConformanceHarness } from './harness.ts'
import { PACKAGE_NAME, PACKAGE_VERSION } from './package-info.ts'
import { runPreflight } from './preflight.ts'
import { createRandom } from './random.ts'
import { createRecordMaker } from './records.ts'
import type { CaseFailure, CaseResult, ConformanceReport, RuleResult, RuleStatus, Verdict } from './report.ts'

export interface ConformanceOptions {
  /** Only the cases of these sections. Default: all. */
  readonly suites?: readonly RuleSection[]
  /** Only the cases that are evidence for one of these rules. Default: all. */
  readonly rules?: readonly RuleId[]
  /** Only the cases for which this is true: to run some of them on another backend. Default: all. */
  readonly select?: (conformanceCase: ConformanceCase) => boolean
  /** Where ids, orders and delays come from. Default: 1. */
  readonly seed?: number
  /** How long a case may take, in milliseconds. Default 30,000. */
  readonly caseTimeoutMs?: number
  readonly onResult?: (result: CaseResult) => void
}

const DEFAULT_CASE_TIMEOUT_MS = 30_000

/**
 * Runs the cases against the store of a harness, one after the other, and reports. Needs no test framework and never
 * rejects: a harness that cannot be used makes the verdict `invalid`.
 */
export async function runConformance(
  harness: ConformanceHarness,
  options: ConformanceOptions = {},
): Promise<ConformanceReport> {
  const startedAt = new Date()
  const start = performance.now()
  const seed = options.seed ?? 1
  const planned = selectCases(options)
  const preflight = await runPreflight(harness, seed)
  const results: CaseResult[] = []
  if (preflight.ok) {
    for (const conformanceCase of planned) {
      const result = await runCase(harness, preflight.capabilities, conformanceCase, options)
      results.push(result)
      options.onResult?.(result)
    }
  }
  const capabilities = preflight.ok ? preflight.capabilities : null
  const reasons = [...(preflight.ok ? [] : preflight.reasons), ...findEmptiness(planned, results)]
  return {
    kit: { name: PACKAGE_NAME, version: PACKAGE_VERSION },
    protocolVersion: PROTOCOL_VERSION,
    harness: harness.name,
    store: capabilities?.store ?? null,
    capabilities,
    seed,
    startedAt: startedAt.toISOString(),
    durationMs: performance.now() - start,
    verdict: verdictOf(results, reasons),
    reasons,
    planned: planned.length,
    executed: results.filter(({ status }) => status === 'passed' || status === 'failed').length,
    rules: judgeRules(planned, results),
    cases: results,
  }
}

/** The cases that a selection amounts to, in their stated order. */
export function selectCases({
  suites,
  rules,
  select = () => true,
}: Pick<ConformanceOptions, 'suites' | 'rules' | 'select'>): readonly ConformanceCase[] {
  return CASES.filter(select).filter(
    ({ rules: evidenceFor }) =>
      (suites === undefined ||
        evidenceFor.some((rule) => suites.some((suite) => rule.startsWith(`${suite}-`)))) &&
      (rules === undefined || evidenceFor.some((rule) => rules.includes(rule))),
  )
}

/** Runs one case in a namespace of its own. Never rejects; whatever was opened is closed. */
export async function runCase(
  harness: ConformanceHarness,
  capabilities: StoreCapabilities,
  conformanceCase: ConformanceCase,
  options: Pick<ConformanceOptions, 'seed' | 'caseTimeoutMs'> = {},
): Promise<CaseResult> {
  const { id, rules, title, notFor, needs = [] } = conformanceCase
  const facts = { id, rules, title, checks: 0, durationMs: 0, failure: null, notes: [] }
  const skipReason = notFor?.(capabilities) ?? null
  if (skipReason !== null) return { ...facts, status: 'skipped', reason: skipReason }
  const lacking = needs.filter((verb) => harness[verb] === undefined)
  if (lacking.length > 0) {
    const reason = `The manifest demands this case: add ${lacking.join(', ')} to the harness.`
    return { ...facts, status: 'invalid', reason }
  }
  return await executeCase(harness, capabilities, conformanceCase, options)
}

async function executeCase(
  harness: ConformanceHarness,
  capabilities: StoreCapabilities,
  conformanceCase: ConformanceCase,
  { seed = 1, caseTimeoutMs = DEFAULT_CASE_TIMEOUT_MS }: Pick<ConformanceOptions, 'seed' | 'caseTimeoutMs'>,
): Promise<CaseResult> {
  const { id, rules, title, run } = conformanceCase
  const start = performance.now()
  const check = createCheck()
  const notes: string[] = []
  const opened: UserEngineStore[] = []
  let namespace: string | null = null
  let failure: CaseFailure | null = null
  try {
    const own = await harness.freshNamespace()
    namespace = own
    const context: CaseContext = {
      ...{ check, capabilities, harness, namespace: own },
      open: async ({ namespace: elsewhere, ...openOptions } = {}) => {
        const store = await harness.open(elsewhere ?? own, openOptions)
        opened.push(store)
        return store
      },
      make: createRecordMaker(seed),
      random: createRandom(seed),
      note: (text) => notes.push(text),
    }
    await withinTime(run(context), conformanceCase.timeoutMs ?? caseTimeoutMs)
  } catch (error) {
    failure = describeFailure(error, rules[0])
  } finally {
    await Promise.allSettled(opened.map((store) => store.close({ timeoutMs: 1_000 })))
    if (namespace !== null)
      await harness
        .destroyNamespace(namespace)
        .catch((error: unknown) => notes.push(`destroyNamespace failed: ${String(error)}`))
  }
  const isEmpty = failure === null && check.count === 0
  return {
    ...{ id, rules, title, failure, notes },
    status: isEmpty ? 'invalid' : failure === null ? 'passed' : 'failed',
    checks: check.count,
    durationMs: performance.now() - start,
    reason: isEmpty ? 'The case made no assertion.' : null,
  }
}

async function withinTime(run: Promise<void>, timeoutMs: number): Promise<void> {
  const timer = new AbortController()
  const late = delay(timeoutMs, null, { signal: timer.signal }).then(
    () => Promise.reject(new CheckFailure('the case ends in time', `an end within ${timeoutMs} ms`, 'none')),
    () => {},
  )
  try {
    await Promise.race([run, late])
  } finally {
    timer.abort()
    // A case that is given up on may still fail later; nobody listens any more.
    run.catch(() => {})
  }
}

function describeFailure(error: unknown, ruleId: RuleId): CaseFailure {
  const rule = `${ruleId}: ${findRule(ruleId)?.text ?? 'unknown rule'}`
  const where = error instanceof Error ? whereOf(error) : 'unknown'
  if (error instanceof CheckFailure) {
    return { rule, what: error.what, expected: error.expected, actual: error.actual, where }
  }
  const seen = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return { rule, what: 'the case runs to its end', expected: 'no error', actual: seen, where }
}

function whereOf(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => line.includes('/suites/'))
  return (
    frames[0]
      ?.trim()
      .replace(/^at /, '')
      .replace(/.*\/(suites\/)/, '$1')
      .replace(/\)$/, '') ?? 'unknown'
  )
}

// A green report must mean that something was shown: nothing planned, or fewer executed than planned without a
// reason, is not judged at all.
function findEmptiness(
  planned: readonly ConformanceCase[],
  results: readonly CaseResult[],
): readonly string[] {
  if (planned.length === 0) return ['No case was selected.']
  const missing = planned.length - results.length
  const invalid = results.filter(({ status }) => status === 'invalid').length
  return [
    ...(missing > 0 ? [`${missing} of ${planned.length} planned cases were not run.`] : []),
    ...(invalid > 0 ? [`${invalid} cases could not be judged.`] : []),
  ]
}

function verdictOf(results: readonly CaseResult[], reasons: readonly string[]): Verdict {
  if (results.some(({ status }) => status === 'failed')) return 'not-conformant'
  return reasons.length > 0 ? 'invalid' : 'conformant'
}

function judgeRules(
  planned: readonly ConformanceCase[],
  results: readonly CaseResult[],
): readonly RuleResult[] {
  return RULES.map(({ id, level, appliesTo, untested }) => {
    const evidence = CASES.filter(({ rules }) => rules.includes(id))
    const seen = results.filter(({ rules }) => rules.includes(id))
    const isSelected = planned.some(({ rules }) => rules.includes(id))
    const base = { id, level, appliesTo, cases: evidence.map((conformanceCase) => conformanceCase.id) }
    if (evidence.length === 0) return { ...base, status: 'untested', reason: untested ?? null }
    if (!isSelected) return { ...base, status: 'not-selected', reason: null }
    const status = statusOf(seen)
    const reason =
      status === 'skipped' || status === 'invalid'
        ? (seen.find((result) => result.reason !== null)?.reason ?? null)
        : null
    return { ...base, status, reason }
  })
}

function statusOf(results: readonly CaseResult[]): RuleStatus {
  const has = (status: CaseResult['status']) => results.some((result) => result.status === status)
  if (has('failed')) return 'failed'
  if (has('invalid') || results.length === 0) return 'invalid'
  return has('passed') ? 'passed' : 'skipped'
}
