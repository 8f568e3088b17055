// What a relay keeps is bounded by what is under way, whatever the backlog and whatever the sink does.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, onTestFinished, test } from 'vitest'
import { createEndlessOutbox } from '../testing/endless-outbox.ts'
import { eventually } from '../testing/eventually.ts'
import { DeliveryFailure } from './delivery-failure.ts'
import { createOutboxRelay } from './outbox-relay.ts'
import type { OutboxSink } from './outbox-sink.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heapBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

const BATCH_SIZE = 100
const CONCURRENCY = 8
const MOST_HELD = (CONCURRENCY + 2) * BATCH_SIZE
const EVENTS = 60_000
// What these events would take if each left only a tenth of itself behind.
const TOO_MANY_BYTES = (EVENTS * 2_000) / 10

const deliver: Record<string, OutboxSink['deliver']> = {
  'takes everything': async () => {},
  'refuses everything': async () => {
    throw new DeliveryFailure({ code: 'HTTP_400' })
  },
  'refuses everything for good': async () => {
    throw new DeliveryFailure({ code: 'HTTP_410', permanent: true })
  },
  'answers in its own time': () => new Promise((resolve) => setImmediate(resolve)),
}

test.each(Object.entries(deliver))('the heap stays flat before a sink that %s', async (name, deliverOne) => {
  const outbox = createEndlessOutbox()
  const relay = createOutboxRelay({
    outbox,
    sink: { name, deliver: deliverOne },
    consumer: 'test',
    batchSize: BATCH_SIZE,
    concurrency: CONCURRENCY,
  })
  onTestFinished(() => relay.stop())
  relay.start()
  await eventually(() => outbox.claimed > EVENTS / 10)
  const before = heapBytes()
  await eventually(() => outbox.claimed > EVENTS)
  expect(heapBytes() - before).toBeLessThan(TOO_MANY_BYTES)
  expect(outbox.mostOutstanding).toBeLessThanOrEqual(MOST_HELD)
  await relay.stop()
  expect(outbox.outstanding).toBe(0)
})

test('a sink that hangs holds its concurrency, and the backlog stays where it is', async () => {
  const outbox = createEndlessOutbox()
  let handed = 0
  const sink: OutboxSink = {
    name: 'hangs',
    deliver: () => {
      handed++
      return new Promise(() => {})
    },
  }
  const relay = createOutboxRelay({
    outbox,
    sink,
    consumer: 'test',
    batchSize: BATCH_SIZE,
    concurrency: CONCURRENCY,
    deliveryTimeoutMs: 5,
  })
  relay.start()
  await eventually(() => relay.status().overdue === CONCURRENCY && outbox.outstanding === 0)
  const { claimed } = outbox
  for (let count = 0; count < 100; count++) {
    relay.wake()
    await relay.runOnce()
  }
  expect([handed, outbox.claimed, relay.status().held]).toEqual([CONCURRENCY, claimed, 0])
  expect(outbox.mostOutstanding).toBeLessThanOrEqual(MOST_HELD)
  await relay.stop()
})
