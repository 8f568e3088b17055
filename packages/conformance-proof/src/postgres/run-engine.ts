import { CASES, type CaseFacts, runConformance } from '@user-engine/store-conformance-kit'
import { createMemoryStore } from '@user-engine/store-memory'
import { type Judgement, judgementOf } from '../run-store.ts'
import type { BrokenEngine } from './broken-engines.ts'
import { openEngineHarness } from './engine-harness.ts'

/** Enough for a case that starts processes beside other work; a broken store waits no longer than this. */
const CASE_TIMEOUT_MS = 60_000

const { capabilities: OF_MEMORY } = createMemoryStore()

/** The cases about what a store in memory does not have: an engine, other processes, a network, a schema. */
const TAKE_AN_ENGINE: ReadonlySet<string> = new Set(
  CASES.filter(({ notFor }) => (notFor?.(OF_MEMORY) ?? null) !== null).map(({ id }) => id),
)

/** Runs the cases of its section that take an engine on the store on Postgres, broken in one way. */
export async function runEngine({ id, breaks, change }: BrokenEngine): Promise<Judgement> {
  const [section] = breaks.split('-')
  const select = ({ id: known, rules }: CaseFacts) =>
    TAKE_AN_ENGINE.has(known) && rules.some((rule) => rule.startsWith(`${section}-`))
  const { harness } = await openEngineHarness()
  const limits = { caseTimeoutMs: CASE_TIMEOUT_MS, maxCaseTimeoutMs: CASE_TIMEOUT_MS }
  return judgementOf(await runConformance({ ...change(harness), name: id }, { select, ...limits }))
}
