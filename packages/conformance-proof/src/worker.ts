// Judges one store, by its name.
import { parentPort, workerData } from 'node:worker_threads'
import { BROKEN_STORES } from './broken-stores.ts'
import { ODD_STORES } from './odd-stores.ts'
import { BROKEN_ENGINES } from './postgres/broken-engines.ts'
import { runEngine } from './postgres/run-engine.ts'
import { type Judgement, runStore } from './run-store.ts'

async function judge(id: unknown): Promise<Judgement> {
  const store = [...BROKEN_STORES, ...ODD_STORES].find((each) => each.id === id)
  if (store !== undefined) return await runStore(store.open, store.id)
  const engine = BROKEN_ENGINES.find((each) => each.id === id)
  if (engine !== undefined) return await runEngine(engine)
  throw new Error(`no store is called ${String(id)}`)
}

parentPort?.postMessage(await judge(workerData))
