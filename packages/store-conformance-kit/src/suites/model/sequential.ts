import type { UserEngineStore } from '@user-engine/store-protocol'
import * as fc from 'fast-check'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { reportCounterexample } from './counterexample.ts'
import { look, runRandomTransaction } from './run-transaction.ts'
import { type RandomTransaction, randomTransaction } from './steps.ts'
import { makeWorld, type World } from './world.ts'

const SEQUENCES = 60

export const SEQUENTIAL_MODEL_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-01.random-sequences-as-in-the-reference',
    rules: [
      'TXN-01',
      'TXN-02',
      'TXN-05',
      'TXN-06',
      'IDN-03',
      'VER-02',
      'TEN-01',
      'TEN-02',
      'QRY-02',
      'QRY-03',
    ],
    title:
      'random transactions, one after the other, come to the same and leave the same as in the reference store',
    timeoutMs: 120_000,
    run: showSequences,
  },
]

async function showSequences(context: CaseContext): Promise<void> {
  const { open, reference, make, random, note } = context
  const store = await open()
  let executed = 0
  const property = fc.asyncProperty(
    fc.array(randomTransaction, { minLength: 2, maxLength: 12 }),
    async (sequence) => {
      const world = makeWorld(make)
      const oracle = await reference()
      for (const [index, transaction] of sequence.entries()) {
        executed += 1
        await compareOne(context, { store, oracle, world, transaction, index })
      }
      await oracle.close()
    },
  )
  await reportCounterexample(property, { random, numRuns: SEQUENCES })
  note(`${SEQUENCES} random sequences of ${executed} transactions in all`)
}

async function compareOne(
  { check }: CaseContext,
  at: {
    readonly store: UserEngineStore
    readonly oracle: UserEngineStore
    readonly world: World
    readonly transaction: RandomTransaction
    readonly index: number
  },
): Promise<void> {
  const { store, oracle, world, transaction, index } = at
  const expected = await runRandomTransaction(oracle, world, transaction)
  const actual = await runRandomTransaction(store, world, transaction)
  check.equal(actual, expected, `what transaction ${index + 1} comes to`)
  for (const tenantId of world.tenants) {
    const left = await store.read({ tenantId }, (reader) => look(reader, world))
    const inOracle = await oracle.read({ tenantId }, (reader) => look(reader, world))
    check.equal(left, inOracle, `what transaction ${index + 1} leaves in tenant ${tenantId}`)
  }
}
