import type { UserEngineStore } from '@user-engine/store-protocol'
import * as fc from 'fast-check'
import { CHECKS_TOO_EARLY } from '../../calibration/defects.ts'
import type { RaceRound } from '../../calibration/race.ts'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { findDifference } from '../../difference.ts'
import { reportCounterexample } from './counterexample.ts'
import { look, type Outcome, runRandomTransaction } from './run-transaction.ts'
import { type RandomTransaction, randomWrites } from './steps.ts'
import { makeWorld, type World } from './world.ts'

/** How many random histories make one round of the race. */
const HISTORIES = 12
const AT_ONCE = 3

export const CONCURRENT_MODEL_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-07.random-concurrent-writes-have-an-order',
    rules: ['TXN-07', 'TXN-01', 'IDN-03', 'VER-03'],
    title:
      'random transactions that write at the same time come to what they come to in the reference store in some order',
    timeoutMs: 120_000,
    run: showConcurrentWrites,
  },
]

async function showConcurrentWrites(context: CaseContext): Promise<void> {
  const { race, check, note } = context
  let contended = 0
  await race({
    defect: CHECKS_TOO_EARLY,
    tries: 5,
    async run(round) {
      const found = await writeAtOnce(context, round)
      if (!round.isCalibration) contended += found
    },
  })
  check.ok(contended > 0, 'some rounds had winners and losers', contended)
  note(`${contended} rounds had winners and losers`)
}

/** Checks random histories, and says in how many of their rounds there were winners and losers. */
async function writeAtOnce(
  context: CaseContext,
  { stores, check, isCalibration }: RaceRound,
): Promise<number> {
  const { make, random } = context
  let contended = 0
  const rounds = fc.array(fc.array(randomWrites, { minLength: 2, maxLength: AT_ONCE }), {
    minLength: 2,
    maxLength: 4,
  })
  const property = fc.asyncProperty(rounds, async (sequence) => {
    const world = makeWorld(make)
    const history: RandomTransaction[] = []
    for (const [index, together] of sequence.entries()) {
      const outcomes = await Promise.all(
        together.map((transaction, nth) =>
          runRandomTransaction(stores[nth % stores.length] ?? stores[0], world, transaction),
        ),
      )
      const left = await lookSorted(stores[0], world)
      const happened = together.filter((_, nth) => !isRetryable(outcomes[nth]))
      const results = outcomes.filter((outcome) => !isRetryable(outcome)).map(isCommitted)
      if (new Set(results).size > 1) contended += 1
      const order = await findOrder(context, { world, history, happened, results, left })
      check.ok(order !== null, `round ${index + 1} has an order in which it makes sense`, { outcomes, left })
      history.push(...(order ?? []))
    }
  })
  await reportCounterexample(property, { random, numRuns: HISTORIES, endOnFailure: isCalibration })
  return contended
}

function isRetryable(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && outcome.came !== 'committed' && outcome.retryable
}

function isCommitted({ came }: Outcome): boolean {
  return came === 'committed'
}

interface Round {
  readonly world: World
  readonly history: readonly RandomTransaction[]
  readonly happened: readonly RandomTransaction[]
  readonly results: readonly boolean[]
  readonly left: unknown
}

/** An order of the transactions that happened in which the reference store comes to the same, or null. */
async function findOrder(
  { reference }: CaseContext,
  { world, history, happened, results, left }: Round,
): Promise<readonly RandomTransaction[] | null> {
  for (const order of permutationsOf(happened.map((_, nth) => nth))) {
    const oracle = await reference()
    for (const transaction of history) await runRandomTransaction(oracle, world, transaction)
    let isSame = true
    for (const nth of order) {
      const transaction = happened[nth]
      if (transaction === undefined) continue
      isSame &&= isCommitted(await runRandomTransaction(oracle, world, transaction)) === results[nth]
    }
    const isFound = isSame && findDifference(await lookSorted(oracle, world), left) === null
    await oracle.close()
    if (isFound) return order.map((nth) => happened[nth]).filter((transaction) => transaction !== undefined)
  }
  return null
}

// The order of simultaneous commits in the logs is another rule's matter.
async function lookSorted(store: UserEngineStore, world: World): Promise<unknown> {
  const [tenantId] = world.tenants
  const seen = (await store.read({ tenantId }, (reader) => look(reader, world))) as {
    readonly audit: readonly unknown[]
    readonly outbox: readonly unknown[]
  }
  const sorted = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item)).toSorted()
  return { ...seen, audit: sorted(seen.audit), outbox: sorted(seen.outbox) }
}

function permutationsOf(items: readonly number[]): readonly (readonly number[])[] {
  if (items.length < 2) return [items]
  return items.flatMap((first) =>
    permutationsOf(items.filter((item) => item !== first)).map((rest) => [first, ...rest]),
  )
}
