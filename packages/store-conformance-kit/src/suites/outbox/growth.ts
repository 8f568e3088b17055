// What has been delivered must not slow down what comes after it. Two stores of the same kind are measured in turns, one with
// a history and one without: whatever the machine does meanwhile it does to both, and the best of many rounds is compared.
import type { UserEngineStore } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { appendEvents, claim, eventIds, eventOf } from './steps.ts'

/** How much is delivered: this many events, or as many as a slow store can in this time, and at least the few. */
const HISTORY = 12_000
const HISTORY_MS = 4_000
const LEAST_HISTORY = 2_000
const APPENDED_AT_ONCE = 250

const BATCH = 10
const ROUNDS = 20
/** How often a result above the limit is measured again: a store that scans its history stays above it. */
const ATTEMPTS = 4
/** A claim and its acknowledgement may cost this much more with the history than without. */
const LIMIT = 1.5

export const GROWTH_CASES: readonly ConformanceCase[] = [
  {
    id: 'OBX-08.history-costs-nothing',
    rules: ['OBX-08'],
    title: 'claim and ack cost the same with thousands of delivered events behind them as with none',
    timeoutMs: 90_000,
    run: (context) => showFlatCost(context),
  },
]

async function showFlatCost(context: CaseContext): Promise<void> {
  const { open, anotherNamespace, check, note } = context
  const grown = await open()
  const fresh = await open({ namespace: await anotherNamespace() })
  const history = await deliverMany(context, grown)
  check.ok(history >= LEAST_HISTORY, `at least ${LEAST_HISTORY} events were delivered`, history)
  let ratio = Number.POSITIVE_INFINITY
  for (let attempt = 1; attempt <= ATTEMPTS && ratio > LIMIT; attempt++) {
    const best = { grown: Number.POSITIVE_INFINITY, fresh: Number.POSITIVE_INFINITY }
    for (let round = 0; round < ROUNDS; round++) {
      const order = round % 2 === 0 ? (['grown', 'fresh'] as const) : (['fresh', 'grown'] as const)
      for (const which of order) {
        const took = await timeOfOneBatch(context, which === 'grown' ? grown : fresh)
        best[which] = Math.min(best[which], took)
      }
    }
    ratio = best.grown / best.fresh
    note(
      `after ${history} delivered events: ${best.grown.toFixed(2)} ms for ${BATCH}, without them ${best.fresh.toFixed(2)} ms`,
    )
  }
  check.ok(ratio <= LIMIT, `claim and ack cost at most ${LIMIT} times as much with the history`, ratio)
}

/** Appends, claims and acknowledges; returns how many events that were. */
async function deliverMany({ make }: CaseContext, store: UserEngineStore): Promise<number> {
  const until = performance.now() + HISTORY_MS
  let delivered = 0
  while (delivered < HISTORY && (delivered < LEAST_HISTORY || performance.now() < until)) {
    const events = Array.from({ length: APPENDED_AT_ONCE }, (_, index) => eventOf(make, `aggregate-${index}`))
    await appendEvents(store, events)
    // As many claims as could be needed and no more: a store that hands out nothing must not keep the case running.
    for (let left = APPENDED_AT_ONCE; left > 0; ) {
      const lease = await claim(store, left)
      if (lease.deliveries.length === 0) return delivered
      await store.outbox.ack({ token: lease.token, eventIds: eventIds(lease) })
      delivered += lease.deliveries.length
      left -= lease.deliveries.length
    }
  }
  return delivered
}

async function timeOfOneBatch({ make }: CaseContext, store: UserEngineStore): Promise<number> {
  const events = Array.from({ length: BATCH }, (_, index) => eventOf(make, `aggregate-${index}`))
  await appendEvents(store, events)
  const start = performance.now()
  const lease = await claim(store, BATCH)
  if (lease.deliveries.length > 0) await store.outbox.ack({ token: lease.token, eventIds: eventIds(lease) })
  return performance.now() - start
}
