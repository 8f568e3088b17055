import { PROTOCOL_VERSION } from '@user-engine/store-protocol'
import type { CapabilityHarness } from './capability/harness.ts'
import type { SubjectCase } from './case.ts'
import type { AnyHarness, ConformanceHarness } from './harness.ts'
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
import type { CaseResult, ConformanceReport } from './report.ts'
import { type RunCaseOptions, runCase, unjudged } from './run-case.ts'
import { type CaseSelection, findUnknownSelection, selectCases } from './select-cases.ts'
import type { AnyManifest, Subject } from './subject.ts'
import { withSubject } from './subjects.ts'
import { judgeWaivers } from './waivers/waiver.ts'

/** What happened last in a run, for whoever shows it while it goes on. */
export type ConformanceProgress =
  | { readonly kind: 'preflight-passed'; readonly planned: number }
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
 * Runs the cases against what a harness opens, a store or a Postgres capability, one after the other, and reports; then
 * disposes of the harness. Needs no test framework. A harness that cannot be used, a selection that names nothing and a
 * waiver that does not hold make the verdict `invalid`; nothing but an error of `onProgress` makes it reject.
 */
export async function runConformance(
  harness: ConformanceHarness | CapabilityHarness,
  options: ConformanceOptions = {},
): Promise<ConformanceReport> {
  return await withSubject(harness, (subject, own) => runSubject(subject, own, options))
}

async function runSubject<Harness extends AnyHarness, Context, Manifest extends AnyManifest>(
  subject: Subject<Harness, Context, Manifest>,
  harness: Harness,
  options: ConformanceOptions,
): Promise<ConformanceReport> {
  const { seed = 1, waivers = [] } = options
  const startedAt = new Date()
  const start = performance.now()
  const planned = selectCases(subject.cases, options)
  const troubles: string[] = []
  let outcome: Outcome<Manifest>
  try {
    outcome = await execute({ subject, harness, planned, startedAt }, options)
  } finally {
    troubles.push(...(await disposeOf(harness)))
  }
  const { manifest, results } = outcome
  const run = { known: subject.cases, planned, results }
  const emptiness =
    manifest === null
      ? []
      : [...findEmptiness(run), ...findUnexcusedSkips(run, manifest), ...findHiddenRules(run)]
  const reasons = [...outcome.reasons, ...emptiness, ...troubles]
  return {
    kit: { name: PACKAGE_NAME, version: PACKAGE_VERSION },
    protocolVersion: PROTOCOL_VERSION,
    ...{ harness: harness.name, subject: subject.kind },
    judged: manifest === null ? null : subject.nameOf(manifest),
    manifest,
    ...{ backendVersion: outcome.backendVersion, seed, startedAt: startedAt.toISOString() },
    durationMs: performance.now() - start,
    verdict: judgeVerdict(run, reasons),
    reasons,
    known: subject.cases.length,
    planned: planned.length,
    executed: results.filter(({ status }) => status === 'passed' || status === 'failed').length,
    rules: judgeRules(run, subject.isBoundBy),
    tiers: judgeTiers(run),
    waivers: judgeUseOfWaivers(waivers, run),
    cases: results,
  }
}

interface Outcome<Manifest> {
  readonly manifest: Manifest | null
  readonly backendVersion: string | null
  readonly results: readonly CaseResult[]
  readonly reasons: readonly string[]
}

interface RunInput<Harness extends AnyHarness, Context, Manifest extends AnyManifest> {
  readonly subject: Subject<Harness, Context, Manifest>
  readonly harness: Harness
  readonly planned: readonly SubjectCase<Context, Manifest>[]
  readonly startedAt: Date
}

async function execute<Harness extends AnyHarness, Context, Manifest extends AnyManifest>(
  { subject, harness, planned, startedAt }: RunInput<Harness, Context, Manifest>,
  options: ConformanceOptions,
): Promise<Outcome<Manifest>> {
  const { onProgress = () => {}, seed = 1, waivers = [] } = options
  const refused = (reasons: readonly string[]): Outcome<Manifest> => ({
    ...{ manifest: null, backendVersion: null, results: [], reasons },
  })
  const judgedWaivers = judgeWaivers(waivers, startedAt)
  const unknown = findUnknownSelection(subject.cases, options)
  if (!judgedWaivers.ok || unknown.length > 0)
    return refused([...unknown, ...(judgedWaivers.ok ? [] : judgedWaivers.reasons)])
  const stop = createStop(options)
  const preflight = await subject.prove(harness, seed)
  if (!preflight.ok) return refused(preflight.reasons)
  const { manifest } = preflight
  const { version: backendVersion, reasons } = await askBackendVersion(harness)
  onProgress({ kind: 'preflight-passed', planned: planned.length })
  const results: CaseResult[] = []
  for (const [index, conformanceCase] of planned.entries()) {
    const { id, title, notFor } = conformanceCase
    const position = index + 1
    const stopped = (notFor?.(manifest) ?? null) === null ? stop() : null
    if (stopped === null) onProgress({ kind: 'case-started', id, title, position })
    const result =
      stopped === null
        ? await runCase({ subject, harness, manifest }, conformanceCase, options)
        : unjudged(conformanceCase, `It was not run: ${stopped}.`)
    results.push(result)
    onProgress({ kind: 'case-finished', result, position })
  }
  return { manifest, backendVersion, results, reasons }
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
  harness: AnyHarness,
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

async function disposeOf(harness: AnyHarness): Promise<readonly string[]> {
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
