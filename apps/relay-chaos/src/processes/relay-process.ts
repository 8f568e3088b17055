// A relay in a process of its own, to be killed at any moment.
import { connect } from '@nats-io/transport-node'
import { createBackoff, createOutboxRelay, createWebhookSink, type OutboxSink } from '@user-engine/service'
import { createNatsSink } from '@user-engine/service/nats'
import { createPostgresStore } from '@user-engine/store-postgres'
import { isUserEngineError, type OutboxPort } from '@user-engine/store-protocol'
import { monotonicMs, type RelayRecord } from '../evidence.ts'
import { openLineLog } from './line-log.ts'
import { receiveTask, untilAsked } from './started-process.ts'
import { capabilityOf, type RelayTarget, type RelayTask } from './tasks.ts'

const { relay: name, handOver, target, leaseMs, logFile } = await receiveTask<RelayTask>()
const store = await createPostgresStore({ capability: capabilityOf(handOver) })
const { sink, close } = await openSink(target)
const log = openLineLog(logFile)
let calls = 0
const relay = createOutboxRelay({
  outbox: writtenDown(store.outbox),
  sink,
  consumer: name,
  leaseMs,
  batchSize: 50,
  idlePollMs: 50,
  backoff: createBackoff({ minMs: 100, maxMs: 1_000 }),
  onEvent: (event) => event.kind === 'delivered' && note('delivered', [event.eventId]),
})
relay.start()
await untilAsked({})
await relay.stop()
await close()
await store.close()
process.exit(0)

async function openSink(receiver: RelayTarget): Promise<{ sink: OutboxSink; close(): Promise<void> }> {
  if (receiver.kind === 'webhook') {
    return { sink: createWebhookSink({ url: `${receiver.url}/${name}` }), close: async () => {} }
  }
  const connection = await connect({ servers: receiver.url, maxReconnectAttempts: -1 })
  const { stream } = receiver
  return { sink: createNatsSink({ connection, stream }), close: () => connection.drain() }
}

function note(
  kind: RelayRecord['kind'],
  eventIds: readonly string[],
  { call = 0, atMs = monotonicMs() } = {},
): void {
  log.write({ kind, atMs, eventIds, call } satisfies RelayRecord)
}

/** The outbox, with what it is asked and what it answers written down around each call. */
function writtenDown(outbox: OutboxPort): OutboxPort {
  return {
    async claim(request) {
      const askedMs = monotonicMs()
      const lease = await outbox.claim(request)
      const ids = lease.deliveries.map(({ event }) => event.id)
      if (ids.length > 0) note('claimed', ids, { atMs: askedMs })
      return lease
    },
    async ack(request) {
      calls++
      const call = calls
      note('acknowledging', request.eventIds, { call })
      try {
        await outbox.ack(request)
      } catch (error) {
        if (isUserEngineError(error, 'STALE_LEASE')) note('refused', error.data.eventIds, { call })
        throw error
      }
      note('acknowledged', request.eventIds, { call })
    },
    extend: (request) => outbox.extend(request),
    nack: (request) => outbox.nack(request),
    release: (request) => outbox.release(request),
    deadLetter: (request) => outbox.deadLetter(request),
    replay: (request) => outbox.replay(request),
    listDeadLetters: (page) => outbox.listDeadLetters(page),
    stats: () => outbox.stats(),
  }
}
