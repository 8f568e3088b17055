// Reports of runs in which everything passes: none of the kit's own can be had without a whole store or a server.
import { PROTOCOL_VERSION } from '@user-engine/store-protocol'
import { CAPABILITY_SUBJECT } from '../capability/capability-subject.ts'
import type { AnyHarness } from '../harness.ts'
import { judgeRules, judgeTiers, judgeUseOfWaivers, judgeVerdict } from '../judge-run.ts'
import { PACKAGE_NAME, PACKAGE_VERSION } from '../package-info.ts'
import type { CaseResult, ConformanceReport } from '../report.ts'
import { unjudged } from '../run-case.ts'
import { STORE_SUBJECT } from '../store-subject.ts'
import type { AnyManifest, Subject } from '../subject.ts'
import type { Waiver } from '../waivers/waiver.ts'
import { PAPER_MANIFEST } from './paper-capability.ts'
import { SHALLOW_MANIFEST } from './shallow-harness.ts'

/** A report about a store over every case, with some results changed by the id of their case. */
export function makeReport(
  changes: Readonly<Record<string, Partial<CaseResult>>> = {},
  waivers: readonly Waiver[] = [],
): ConformanceReport {
  return make({ subject: STORE_SUBJECT, manifest: SHALLOW_MANIFEST, changes, waivers })
}

/** A report about a capability over every case. */
export function makeCapabilityReport(): ConformanceReport {
  return make({ subject: CAPABILITY_SUBJECT, manifest: PAPER_MANIFEST, changes: {}, waivers: [] })
}

function make<Harness extends AnyHarness, Context, Manifest extends AnyManifest>(input: {
  readonly subject: Subject<Harness, Context, Manifest>
  readonly manifest: Manifest
  readonly changes: Readonly<Record<string, Partial<CaseResult>>>
  readonly waivers: readonly Waiver[]
}): ConformanceReport {
  const { subject, manifest, changes, waivers } = input
  const { cases: known } = subject
  const results = known.map((conformanceCase): CaseResult => {
    const reason = conformanceCase.notFor?.(manifest) ?? null
    const status = reason === null ? 'passed' : 'skipped'
    return { ...unjudged(conformanceCase, reason), status, ...changes[conformanceCase.id] }
  })
  const run = { known, planned: known, results }
  return {
    kit: { name: PACKAGE_NAME, version: PACKAGE_VERSION },
    protocolVersion: PROTOCOL_VERSION,
    ...{ harness: 'made', subject: subject.kind, judged: subject.nameOf(manifest), manifest },
    ...{ backendVersion: null, seed: 7, startedAt: '2026-11-01T10:00:00.000Z', durationMs: 1_000 },
    verdict: judgeVerdict(run, []),
    reasons: [],
    ...{ known: known.length, planned: known.length },
    executed: results.filter(({ status }) => status === 'passed' || status === 'failed').length,
    rules: judgeRules(run, subject.isBoundBy),
    tiers: judgeTiers(run),
    waivers: judgeUseOfWaivers(waivers, run),
    cases: results,
  }
}
