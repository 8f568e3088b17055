// Judges one store, by its name.
import { parentPort, workerData } from 'node:worker_threads'
import { BROKEN_STORES } from './broken-stores.ts'
import { ODD_STORES } from './odd-stores.ts'
import { runStore } from './run-store.ts'

const store = [...BROKEN_STORES, ...ODD_STORES].find(({ id }) => id === workerData)
if (store === undefined) throw new Error(`no store is called ${String(workerData)}`)
parentPort?.postMessage(await runStore(store.open, store.id))
