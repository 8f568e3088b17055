import { PROTOCOL_VERSION, type StoreCapabilities } from '@user-engine/store-protocol'
import type { ConformanceCase } from './case.ts'
import { CASES } from './cases.ts'
import type { ConformanceHarness } from './harness.ts'
import { callVerb, disposeHarness } from './harness-guard.ts'
import {
  findEmptiness,
  findHiddenRules,
  findUnexcusedSkips,
  judgeRules,
  judgeTiers,
  judgeUseOfWaivers,
  judgeVerdict,
} from './judge-run.ts'
import { PACKAGE_NAME, PACKAGE_VERSION } from './package-info.ts'
import { runPreflight } from './preflight.ts'
import type { CaseResult, ConformanceReport } from './report.ts'
import { type RunCaseOptions, runCase, unjudged } from './run-case.ts'
import { type CaseSelection, findUnknownSelection, selectCases } from './select-cases.ts'
import { judgeWaivers } from './waivers/waiver.ts'

/** What happened last in a run, for whoever shows it while it goes on. */
export type ConformanceProgress =
  | { readonly kind: 'preflight-passed'; readonly capabilities: StoreCapabilities; readonly planned: number }
  | { readonly kind: 'case-started'; readonly id: string; readonly title: string; readonly position: number }
  | { readonly kind: 'case-finished'; readonly result: CaseResult; readonly position: number }

export interface ConformanceOptions extends CaseSelection, RunCaseOptions {
  /**
   * When it is spent, no further case starts, and the run is `invalid` and names what was not run; in milliseconds.
   * Default: none.
   */
  readonly timeBudgetMs?: number
  /** Ends the run like a budget that is spent: after the case that is running. */
  readonly signal?: AbortSignal
  readonly onProgress?: (event: ConformanceProgress) => void
}

/**
 * Runs the cases against the store of a harness, one after the other, and reports; then disposes of the harness. Needs
 * no test framework. A harness that cannot be used, a selection that names nothing and a waiver that does not hold make
 * the verdict `invalid`; nothing but an error of `onProgress` makes it reject.
 */
export async function runConformance(
  harness: ConformanceHarness,
  options: ConformanceOptions = {},
): Promise<ConformanceReport> {
  const { seed = 1, waivers = [] } = options
  const startedAt = new Date()
  const start = performance.now()
  const planned = selectCases(options)
  const troubles: string[] = []
  let outcome: Outcome
  try {
    outcome = await execute(harness, planned, options, startedAt)
  } finally {
    troubles.push(...(await disposeOf(harness)))
  }
  const { capabilities, results } = outcome
  const run = { planned, results }
  const emptiness =
    capabilities === null
      ? []
      : [...findEmptiness(run), ...findUnexcusedSkips(run, capabilities), ...findHiddenRules(run)]
  const reasons = [...outcome.reasons, ...emptiness, ...troubles]
  return {
    kit: { name: PACKAGE_NAME, version: PACKAGE_VERSION },
    protocolVersion: PROTOCOL_VERSION,
    ...{ harness: harness.name, store: capabilities?.store ?? null, capabilities },
    ...{ backendVersion: outcome.backendVersion, seed, startedAt: startedAt.toISOString() },
    durationMs: performance.now() - start,
    verdict: judgeVerdict(run, reasons),
    reasons,
    known: CASES.length,
    planned: planned.length,
    executed: results.filter(({ status }) => status === 'passed' || status === 'failed').length,
    rules: judgeRules(run),
    tiers: judgeTiers(run),
    waivers: judgeUseOfWaivers(waivers, run),
    cases: results,
  }
}

interface Outcome {
  readonly capabilities: StoreCapabilities | null
  readonly backendVersion: string | null
  readonly results: readonly CaseResult[]
  readonly reasons: readonly string[]
}

async function execute(
  harness: ConformanceHarness,
  planned: readonly ConformanceCase[],
  options: ConformanceOptions,
  startedAt: Date,
): Promise<Outcome> {
  const { onProgress = () => {}, seed = 1, waivers = [] } = options
  const refused = (reasons: readonly string[]): Outcome => ({
    ...{ capabilities: null, backendVersion: null, results: [], reasons },
  })
  const judgedWaivers = judgeWaivers(waivers, startedAt)
  const unknown = findUnknownSelection(options)
  if (!judgedWaivers.ok || unknown.length > 0)
    return refused([...unknown, ...(judgedWaivers.ok ? [] : judgedWaivers.reasons)])
  const stop = createStop(options)
  const preflight = await runPreflight(harness, seed)
  if (!preflight.ok) return refused(preflight.reasons)
  const { capabilities } = preflight
  const { version: backendVersion, reasons } = await askBackendVersion(harness)
  onProgress({ kind: 'preflight-passed', capabilities, planned: planned.length })
  const results: CaseResult[] = []
  for (const [index, conformanceCase] of planned.entries()) {
    const { id, title, notFor } = conformanceCase
    const position = index + 1
    const stopped = (notFor?.(capabilities) ?? null) === null ? stop() : null
    if (stopped === null) onProgress({ kind: 'case-started', id, title, position })
    const result =
      stopped === null
        ? await runCase(harness, { ...options, capabilities }, conformanceCase)
        : unjudged(conformanceCase, `It was not run: ${stopped}.`)
    results.push(result)
    onProgress({ kind: 'case-finished', result, position })
  }
  return { capabilities, backendVersion, results, reasons }
}

/** Says, before every case, why the run has to end here; `null` while it goes on. */
function createStop({ timeBudgetMs, signal }: ConformanceOptions): () => string | null {
  const start = performance.now()
  return () => {
    if (signal?.aborted === true) return 'the run was interrupted'
    if (timeBudgetMs === undefined || performance.now() - start < timeBudgetMs) return null
    return `the time budget of ${timeBudgetMs / 1_000} s was spent`
  }
}

async function askBackendVersion(
  harness: ConformanceHarness,
): Promise<{ readonly version: string | null; readonly reasons: readonly string[] }> {
  if (harness.backendVersion === undefined) return { version: null, reasons: [] }
  const name = 'backendVersion() of the harness'
  try {
    const version: unknown = await callVerb(name, async () => harness.backendVersion?.())
    return typeof version === 'string'
      ? { version, reasons: [] }
      : { version: null, reasons: [`${name} must return a string.`] }
  } catch (error) {
    return { version: null, reasons: [messageOf(error)] }
  }
}

async function disposeOf(harness: ConformanceHarness): Promise<readonly string[]> {
  try {
    await disposeHarness(harness)
    return []
  } catch (error) {
    return [messageOf(error)]
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
