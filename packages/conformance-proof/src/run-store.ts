import { randomUUID } from 'node:crypto'
import { type ConformanceReport, runConformance } from '@user-engine/store-conformance-kit'
import { createMemoryBackend, createMemoryStore, type MemoryBackend } from '@user-engine/store-memory'
import type { Open } from './store-under-proof.ts'

/** What the kit says of a store. */
export interface Judgement {
  /** The ids of the cases that failed or could not be judged; `preflight` when none was run. */
  readonly failed: readonly string[]
  /** The rules that the failed cases are evidence for. */
  readonly rules: readonly string[]
  /** Why the first of them failed. */
  readonly because: string
  readonly durationMs: number
}

/** A store under proof runs into limits on purpose: shorter ones than a kit allows for. */
const CASE_TIMEOUT_MS = 10_000

/** Runs every case of the kit on a store. */
export async function runStore(open: Open, id: string): Promise<Judgement> {
  const backends = new Map<string, MemoryBackend>()
  const report = await runConformance(
    {
      name: id,
      async freshNamespace() {
        const namespace = randomUUID()
        backends.set(namespace, createMemoryBackend())
        return namespace
      },
      async destroyNamespace(namespace) {
        backends.delete(namespace)
      },
      async open(namespace) {
        return open(backends.get(namespace) ?? createMemoryBackend())
      },
      reference: async () => createMemoryStore(),
    },
    { caseTimeoutMs: CASE_TIMEOUT_MS, maxCaseTimeoutMs: CASE_TIMEOUT_MS },
  )
  return judgementOf(report)
}

/** What a report amounts to in the proof. */
export function judgementOf(report: ConformanceReport): Judgement {
  const { durationMs } = report
  if (report.cases.length === 0)
    return { failed: ['preflight'], rules: [], because: report.reasons.join(' '), durationMs }
  const failed = report.cases.filter(({ status }) => status === 'failed' || status === 'invalid')
  const [first] = failed
  const because = first?.failure
    ? `${first.failure.what}: expected ${first.failure.expected}, saw ${first.failure.actual}`
    : (first?.reason ?? '')
  return {
    failed: failed.map((result) => result.id),
    rules: [...new Set(failed.flatMap((result) => result.rules))],
    because,
    durationMs,
  }
}
