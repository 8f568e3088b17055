// The report of a store that passes everything: none of the kit's own can be had without a whole store.
import { PROTOCOL_VERSION } from '@user-engine/store-protocol'
import { CASES } from '../cases.ts'
import { judgeRules, judgeTiers, judgeUseOfWaivers, judgeVerdict } from '../judge-run.ts'
import { PACKAGE_NAME, PACKAGE_VERSION } from '../package-info.ts'
import type { CaseResult, ConformanceReport } from '../report.ts'
import { unjudged } from '../run-case.ts'
import type { Waiver } from '../waivers/waiver.ts'
import { SHALLOW_MANIFEST } from './shallow-harness.ts'

/** A report over every case, with some results changed by the id of their case. */
export function makeReport(
  changes: Readonly<Record<string, Partial<CaseResult>>> = {},
  waivers: readonly Waiver[] = [],
): ConformanceReport {
  const results = CASES.map((conformanceCase): CaseResult => {
    const reason = conformanceCase.notFor?.(SHALLOW_MANIFEST) ?? null
    const status = reason === null ? 'passed' : 'skipped'
    return { ...unjudged(conformanceCase, reason), status, ...changes[conformanceCase.id] }
  })
  const run = { planned: CASES, results }
  return {
    kit: { name: PACKAGE_NAME, version: PACKAGE_VERSION },
    protocolVersion: PROTOCOL_VERSION,
    harness: 'made',
    store: SHALLOW_MANIFEST.store,
    capabilities: SHALLOW_MANIFEST,
    backendVersion: null,
    seed: 7,
    startedAt: '2026-11-01T10:00:00.000Z',
    durationMs: 1_000,
    verdict: judgeVerdict(run, []),
    reasons: [],
    known: CASES.length,
    planned: CASES.length,
    executed: results.filter(({ status }) => status === 'passed' || status === 'failed').length,
    rules: judgeRules(run),
    tiers: judgeTiers(run),
    waivers: judgeUseOfWaivers(waivers, run),
    cases: results,
  }
}
