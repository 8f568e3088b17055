import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createLocalProvider } from '@user-engine/provider-local'
import { createPostgresStore, migrate } from '@user-engine/store-postgres'
import type { OutboxStats, UserEngineStore } from '@user-engine/store-protocol'
import { type Account, account } from './account.ts'
import type { Evidence, Fault, RelayLog, RelayRecord } from './evidence.ts'
import { type FaultPlan, keepFailing } from './keep-failing.ts'
import { readLineLog } from './processes/line-log.ts'
import { handOverOf } from './processes/tasks.ts'
import { openReceiver, type ReceiverKind } from './receiver.ts'
import { listEvents, type WritePlan, writeEvents } from './write-events.ts'

/** One run. */
export interface ChaosPlan {
  readonly title: string
  readonly write: WritePlan
  readonly relays: number
  readonly faults: FaultPlan
  readonly receiver: ReceiverKind
  /** How long a lease of the relays runs, in milliseconds. */
  readonly leaseMs: number
}

/** How a run went. */
export interface ChaosRun {
  readonly plan: ChaosPlan
  readonly account: Account
  /** What everything ran on, for people. */
  readonly database: string
  readonly durationMs: number
}

/** Writes events on a Postgres of its own while relays die or sleep, and accounts for every event. */
export async function runChaos(plan: ChaosPlan): Promise<ChaosRun> {
  const startedAt = performance.now()
  const folder = await mkdtemp(join(tmpdir(), 'relay-chaos-'))
  const provider = await createLocalProvider({ backend: 'embedded' })
  const database = await provider.provisionDatabase({ name: `relay_chaos_${process.pid}_${Date.now()}` })
  try {
    const { capability } = database
    await migrate({ capability })
    const store = await createPostgresStore({ capability })
    const handOver = await handOverOf(capability)
    const evidence = await collectEvidence(plan, { store, folder, handOver }).finally(() => store.close())
    const durationMs = performance.now() - startedAt
    return { plan, account: account(evidence), database: provider.backend.description, durationMs }
  } finally {
    await provider.dropDatabase(database.name)
    await provider.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

interface World {
  readonly store: UserEngineStore
  readonly folder: string
  readonly handOver: Awaited<ReturnType<typeof handOverOf>>
}

async function collectEvidence(plan: ChaosPlan, { store, folder, handOver }: World): Promise<Evidence> {
  const receiver = await openReceiver(plan.receiver, folder)
  const faults: Fault[] = []
  let count = 0
  const nextTask = () => {
    count++
    const relay = `relay-${count}`
    const logFile = join(folder, `${relay}.log`)
    return { relay, handOver, target: receiver.target, leaseMs: plan.leaseMs, logFile }
  }
  const options = { plan: plan.faults, nextTask, onFault: (fault: Fault) => void faults.push(fault) }
  try {
    const places = await Promise.all(Array.from({ length: plan.relays }, () => keepFailing(options)))
    await writeEvents(store, plan.write)
    for (const place of places) await place.settle()
    const { pending, leased, dead } = await untilEmpty(store)
    await Promise.all(places.map((place) => place.stop()))
    const { takings, refusals } = await receiver.read()
    const committed = await listEvents(store)
    const relays = await readRelayLogs(folder)
    return { committed, takings, refusals, relays, faults, left: { pending, leased, dead } }
  } finally {
    await receiver.close()
  }
}

/** How long the relays may take for what is left when nothing happens to them any more. */
const DRAIN_WITHIN_MS = 60_000

/** Waits until nothing is left to deliver; what is left after a while is for the accounting. */
async function untilEmpty(store: UserEngineStore): Promise<OutboxStats> {
  const deadline = performance.now() + DRAIN_WITHIN_MS
  for (;;) {
    const stats = await store.outbox.stats()
    if (stats.pending + stats.leased === 0 || performance.now() > deadline) return stats
    await pause(100)
  }
}

async function readRelayLogs(folder: string): Promise<RelayLog[]> {
  const files = (await readdir(folder)).filter((file) => file.startsWith('relay-'))
  return files.map((file) => ({
    relay: file.slice(0, -'.log'.length),
    records: readLineLog<RelayRecord>(join(folder, file)),
  }))
}
