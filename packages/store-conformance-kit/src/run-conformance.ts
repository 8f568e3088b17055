import { PROTOCOL_VERSION, type StoreCapabilities } from '@user-engine/store-protocol'
import { CASES } from './cases.ts'
import type { ConformanceHarness } from './harness.ts'
import { findEmptiness, judgeRules, judgeTiers, judgeVerdict } from './judge-run.ts'
import { PACKAGE_NAME, PACKAGE_VERSION } from './package-info.ts'
import { runPreflight } from './preflight.ts'
import type { CaseResult, ConformanceReport } from './report.ts'
import { type RunCaseOptions, runCase } from './run-case.ts'
import { type CaseSelection, selectCases } from './select-cases.ts'

/** What happened last in a run, for whoever shows it while it goes on. */
export type ConformanceProgress =
  | { readonly kind: 'preflight-passed'; readonly capabilities: StoreCapabilities; readonly planned: number }
  | { readonly kind: 'case-started'; readonly id: string; readonly title: string; readonly position: number }
  | { readonly kind: 'case-finished'; readonly result: CaseResult; readonly position: number }

export interface ConformanceOptions extends CaseSelection, RunCaseOptions {
  readonly onProgress?: (event: ConformanceProgress) => void
}

/**
 * Runs the cases against the store of a harness, one after the other, and reports. Needs no test framework. A harness
 * that cannot be used makes the verdict `invalid`; nothing but an error of `onProgress` makes it reject.
 */
export async function runConformance(
  harness: ConformanceHarness,
  options: ConformanceOptions = {},
): Promise<ConformanceReport> {
  const { onProgress = () => {}, seed = 1 } = options
  const startedAt = new Date().toISOString()
  const start = performance.now()
  const planned = selectCases(options)
  const preflight = await runPreflight(harness, seed)
  const results: CaseResult[] = []
  if (preflight.ok) {
    const { capabilities } = preflight
    onProgress({ kind: 'preflight-passed', capabilities, planned: planned.length })
    for (const [index, conformanceCase] of planned.entries()) {
      const { id, title } = conformanceCase
      const position = index + 1
      onProgress({ kind: 'case-started', id, title, position })
      const result = await runCase(harness, { ...options, capabilities }, conformanceCase)
      results.push(result)
      onProgress({ kind: 'case-finished', result, position })
    }
  }
  const run = { planned, results }
  const reasons = preflight.ok ? findEmptiness(run) : preflight.reasons
  const capabilities = preflight.ok ? preflight.capabilities : null
  return {
    kit: { name: PACKAGE_NAME, version: PACKAGE_VERSION },
    protocolVersion: PROTOCOL_VERSION,
    ...{ harness: harness.name, store: capabilities?.store ?? null, capabilities, seed, startedAt },
    durationMs: performance.now() - start,
    verdict: judgeVerdict(run, reasons),
    reasons,
    known: CASES.length,
    planned: planned.length,
    executed: results.filter(({ status }) => status === 'passed' || status === 'failed').length,
    rules: judgeRules(run),
    tiers: judgeTiers(run),
    cases: results,
  }
}
