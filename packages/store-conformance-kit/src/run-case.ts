import { findRule, type RuleId } from '@user-engine/store-protocol'
import { isAdvisory } from './advisory.ts'
import { RaceNotCalibrated } from './calibration/race.ts'
import { whereOf } from './call-site.ts'
import type { CaseFacts, SubjectCase } from './case.ts'
import type { CaseSession } from './case-session.ts'
import { CheckFailure, createCheck } from './check.ts'
import type { AnyHarness } from './harness.ts'
import { HarnessFailure } from './harness-guard.ts'
import { PACKAGE_VERSION } from './package-info.ts'
import type { CaseFailure, CaseResult } from './report.ts'
import { showError } from './show.ts'
import type { AnyManifest, Bench } from './subject.ts'
import { LATE, raceAgainst } from './time-limit.ts'
import { watchUnhandledRejections } from './unhandled-rejections.ts'
import { isCovered, type Waiver } from './waivers/waiver.ts'

export interface RunCaseOptions {
  /** Where ids, orders and delays come from. Default: 1. */
  readonly seed?: number
  /** How long a case may take that names no limit of its own, in milliseconds. Default: 30,000. */
  readonly caseTimeoutMs?: number
  /** How long any case may take, also one that names a longer limit, in milliseconds. Default: what the case names. */
  readonly maxCaseTimeoutMs?: number
  /** Agreed exceptions: a failure they cover does not make the store not conformant. Default: none. */
  readonly waivers?: readonly Waiver[]
}

const DEFAULT_SEED = 1
const DEFAULT_CASE_TIMEOUT_MS = 30_000

/** How long a case may take, in milliseconds. */
export function timeLimitOf({ timeoutMs }: CaseFacts, options: RunCaseOptions): number {
  const wanted = Math.max(timeoutMs ?? 0, options.caseTimeoutMs ?? DEFAULT_CASE_TIMEOUT_MS)
  return Math.min(wanted, options.maxCaseTimeoutMs ?? wanted)
}

/** Runs one case by itself. Never rejects; whatever it was given is taken back. */
export async function runCase<Harness extends AnyHarness, Context, Manifest extends AnyManifest>(
  { subject, harness, manifest }: Bench<Harness, Context, Manifest>,
  conformanceCase: SubjectCase<Context, Manifest>,
  options: RunCaseOptions = {},
): Promise<CaseResult> {
  const { rules, notFor, needs = [] } = conformanceCase
  const skipReason = notFor?.(manifest) ?? null
  if (skipReason !== null) return { ...unjudged(conformanceCase, skipReason), status: 'skipped' }
  const missing = needs.filter((verb) => Reflect.get(harness, verb) === undefined)
  if (missing.length > 0) {
    const reason = `The manifest demands this case: add ${missing.join(' and ')} to the harness.`
    return unjudged(conformanceCase, reason)
  }
  const start = performance.now()
  const check = createCheck()
  const { seed = DEFAULT_SEED, waivers = [] } = options
  try {
    const session = await subject.beginCase(harness, { manifest, check, seed })
    const outcome = await executeCase(conformanceCase, session, timeLimitOf(conformanceCase, options))
    const { failure, reason } = judge(outcome, check.count)
    return {
      ...{ ...unjudged(conformanceCase, reason), failure, notes: session.notes, races: session.races },
      status: failure !== null ? 'failed' : reason !== null ? 'invalid' : 'passed',
      waived: failure !== null && isCovered(rules, waivers),
      ...{ checks: check.count, durationMs: performance.now() - start },
    }
  } catch (error) {
    const reason = error instanceof HarnessFailure ? error.message : `The kit failed: ${showError(error)}.`
    return { ...unjudged(conformanceCase, reason), durationMs: performance.now() - start }
  }
}

/** The result of a case that could not be judged, or was not run. */
export function unjudged({ id, rules, title, since }: CaseFacts, reason: string | null): CaseResult {
  return {
    ...{ id, rules, title, status: 'invalid', advisory: isAdvisory(since, PACKAGE_VERSION), waived: false },
    ...{ checks: 0, durationMs: 0, reason, failure: null, notes: [], races: [] },
  }
}

interface CaseOutcome {
  readonly failure: CaseFailure | null
  /** Why the case could not be judged, as sentences: what the harness could not do, a race that proves nothing. */
  readonly unjudgeable: readonly string[]
}

async function executeCase<Context, Manifest>(
  { run, rules: [rule] }: SubjectCase<Context, Manifest>,
  session: CaseSession<Context>,
  timeoutMs: number,
): Promise<CaseOutcome> {
  const unhandled = watchUnhandledRejections()
  let failure: CaseFailure | null = null
  const unjudgeable: string[] = []
  try {
    const first = await raceAgainst(run(session.context), timeoutMs)
    if (first === LATE) failure = failureOf(rule, 'the case ends in time', `an end within ${timeoutMs} ms`)
  } catch (error) {
    if (error instanceof HarnessFailure || error instanceof RaceNotCalibrated) unjudgeable.push(error.message)
    else failure = describeFailure(error, rule)
  }
  const ended = await session.end()
  const [rejection] = await unhandled.stop()
  const [trouble] = ended.ofStore
  failure ??=
    trouble === undefined ? null : failureOf(rule, 'the store closes', 'an end without error', trouble)
  failure ??= rejection === undefined ? null : failureOf(rule, 'no unhandled rejection', 'none', rejection)
  return { failure, unjudgeable: [...unjudgeable, ...ended.ofHarness] }
}

// What failed is the store's even where the harness failed after it; what could not be judged is nobody's.
function judge(
  { failure, unjudgeable }: CaseOutcome,
  checks: number,
): {
  readonly failure: CaseFailure | null
  readonly reason: string | null
} {
  if (failure !== null) return { failure, reason: null }
  if (unjudgeable.length > 0) return { failure, reason: unjudgeable.join(' ') }
  return { failure, reason: checks === 0 ? 'The case made no assertion.' : null }
}

function describeFailure(error: unknown, rule: RuleId): CaseFailure {
  if (error instanceof CheckFailure) {
    const { what, expected, actual, where } = error
    return { rule: describeRule(rule), what, expected, actual, where }
  }
  const where = error instanceof Error ? whereOf(error.stack) : 'unknown'
  return { ...failureOf(rule, 'the case runs to its end', 'no error', showError(error)), where }
}

function failureOf(rule: RuleId, what: string, expected: string, actual = 'none'): CaseFailure {
  return { rule: describeRule(rule), what, expected, actual, where: 'unknown' }
}

function describeRule(rule: RuleId): string {
  return `${rule}: ${findRule(rule)?.text ?? 'unknown rule'}`
}
