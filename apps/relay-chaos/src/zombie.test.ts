// A relay that sleeps past its lease between a delivery and its acknowledgement, and wakes up believing it holds it.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { createLocalProvider } from '@user-engine/provider-local'
import { createPostgresStore, migrate } from '@user-engine/store-postgres'
import { expect, onTestFinished, test } from 'vitest'
import { account } from './account.ts'
import { monotonicMs, type RelayRecord, type Taking } from './evidence.ts'
import { readLineLog } from './processes/line-log.ts'
import { startProcess } from './processes/started-process.ts'
import { handOverOf } from './processes/tasks.ts'
import { listEvents, writeEvents } from './write-events.ts'

const LEASE_MS = 3_000

async function openStore() {
  const provider = await createLocalProvider({ backend: 'embedded' })
  onTestFinished(() => provider.stop())
  const database = await provider.provisionDatabase({ name: `relay_zombie_${process.pid}` })
  onTestFinished(() => provider.dropDatabase(database.name))
  await migrate({ capability: database.capability })
  const store = await createPostgresStore({ capability: database.capability })
  onTestFinished(() => store.close())
  return { store, handOver: await handOverOf(database.capability) }
}

/** A receiver that takes everything over at once, but leaves the first request of a relay without its answer. */
async function openReceiver(heldRelay: string) {
  const takings: Taking[] = []
  const held: ServerResponse[] = []
  const server = createServer(async (request, response) => {
    const { id } = (await json(request)) as { readonly id: string }
    const relay = request.url?.slice(1) ?? null
    takings.push({ atMs: monotonicMs(), eventId: id, relay })
    if (relay === heldRelay && held.length === 0) held.push(response)
    else response.writeHead(204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { takings, held, target: { kind: 'webhook', url } }
}

async function eventually(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error('not true within a minute')
    await pause(20)
  }
}

test('a relay that slept past its lease settles nothing, delivers nothing further, and breaks no order', async () => {
  const { store, handOver } = await openStore()
  const { takings, held, target } = await openReceiver('sleeper')
  const folder = await mkdtemp(join(tmpdir(), 'relay-zombie-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const logOf = (relay: string) => join(folder, `${relay}.log`)
  const start = async (relay: string) => {
    const task = { relay, handOver, target, leaseMs: LEASE_MS, logFile: logOf(relay) }
    const started = await startProcess('relay-process.ts', task)
    onTestFinished(() => started.kill())
    return started
  }
  const recordsOf = (relay: string) => readLineLog<RelayRecord>(logOf(relay))

  // One aggregate: whatever the sleeper has leased waits behind the event whose answer it does not get.
  await writeEvents(store, { events: 6, forMs: 1, users: 1 })
  const sleeper = await start('sleeper')
  await eventually(() => held.length === 1)
  const sleptMs = monotonicMs()
  sleeper.pause()
  await start('other')
  await eventually(async () => {
    const { pending, leased } = await store.outbox.stats()
    return pending + leased === 0
  })
  sleeper.resume()
  const wokeMs = monotonicMs()
  held[0]?.writeHead(204).end()
  await eventually(() => recordsOf('sleeper').some(({ kind }) => kind === 'refused'))
  await sleeper.stop()

  const committed = await listEvents(store)
  const evidence = {
    committed,
    takings,
    refusals: 0,
    relays: ['sleeper', 'other'].map((relay) => ({ relay, records: recordsOf(relay) })),
    faults: [{ kind: 'paused' as const, relay: 'sleeper', atMs: sleptMs, untilMs: wokeMs }],
    left: await store.outbox.stats(),
  }
  expect(account(evidence)).toMatchObject({
    events: 6,
    takings: 7,
    duplicates: { afterKill: 0, aroundPause: 1, unexplained: 0 },
    acknowledgements: { confirmed: 6, unheard: 0, refused: 1 },
    violations: [],
  })
  expect(takings.filter(({ relay }) => relay === 'sleeper')).toHaveLength(1)
})
