import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import pLimit from 'p-limit'
import { BROKEN_STORES } from './broken-stores.ts'
import { judgeBroken, judgeOdd, type Kill } from './judge-store.ts'
import { ODD_STORES } from './odd-stores.ts'
import { BROKEN_ENGINES } from './postgres/broken-engines.ts'
import type { Judgement } from './run-store.ts'

/** The cases that are known to catch each broken store, by its id. */
export type ExpectedKills = Readonly<Record<string, readonly string[]>>

export interface Proof {
  readonly kills: readonly Kill[]
  /** What is wrong with odd stores that should have passed. */
  readonly oddTroubles: readonly string[]
  readonly odd: number
  /** The whole proof in one line. */
  readonly line: string
  readonly holds: boolean
}

interface ProofOptions {
  readonly expected: ExpectedKills
  /** Told of every store once it has been judged. */
  readonly onJudged?: (id: string, judgement: Judgement, done: number, total: number) => void
}

/**
 * Runs the cases of the kit on every broken and every odd store, three at once for each processor: most of the time
 * they wait. In memory all cases are run, on Postgres those of the rule's section that take an engine.
 */
export async function runProof({ expected, onJudged = () => {} }: ProofOptions): Promise<Proof> {
  // The engines first: each takes longer than any store in memory.
  const ids = [...BROKEN_ENGINES, ...BROKEN_STORES, ...ODD_STORES].map(({ id }) => id)
  const judgements = await judgeAll(ids, onJudged)
  const judgementOf = (id: string): Judgement => {
    const judgement = judgements.get(id)
    if (judgement === undefined) throw new Error(`${id} was not judged`)
    return judgement
  }
  const kills = [...BROKEN_STORES, ...BROKEN_ENGINES].map((store) =>
    judgeBroken(store, judgementOf(store.id), expected[store.id]),
  )
  const oddTroubles = ODD_STORES.map((store) => judgeOdd(store, judgementOf(store.id))).filter(
    (trouble) => trouble !== null,
  )
  const caught = kills.filter(({ failed }) => failed.length > 0).length
  const overKills = kills.filter(({ failed, troubles }) => failed.length > 0 && troubles.length > 0).length
  const passed = ODD_STORES.length - oddTroubles.length
  return {
    kills,
    oddTroubles,
    odd: ODD_STORES.length,
    line: `broken stores ${kills.length}, caught ${caught}, over-kills ${overKills}, odd but legal ${ODD_STORES.length}, passed ${passed}`,
    holds: kills.every(({ troubles }) => troubles.length === 0) && oddTroubles.length === 0,
  }
}

async function judgeAll(
  ids: readonly string[],
  onJudged: NonNullable<ProofOptions['onJudged']>,
): Promise<ReadonlyMap<string, Judgement>> {
  const judgements = new Map<string, Judgement>()
  await pLimit(availableParallelism() * 3).map(ids, async (id) => {
    const judgement = await judgeInWorker(id)
    judgements.set(id, judgement)
    onJudged(id, judgement, judgements.size, ids.length)
  })
  return judgements
}

// A worker for each: what a broken store never ends is ended with it.
async function judgeInWorker(id: string): Promise<Judgement> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    execArgv: ['--disable-warning=ExperimentalWarning', '--conditions=@user-engine/source'],
    workerData: id,
  })
  try {
    return await new Promise<Judgement>((resolve, reject) => {
      worker.once('error', (cause) => reject(new Error(`${id} could not be judged`, { cause })))
      worker.once('message', resolve)
    })
  } finally {
    await worker.terminate()
  }
}
