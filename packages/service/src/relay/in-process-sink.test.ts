import { expect, test } from 'vitest'
import { deliveryOf } from '../testing/delivery-of.ts'
import { EVENT } from '../testing/outbox-event.ts'
import { toCloudEvent } from './cloud-event.ts'
import { createInProcessSink } from './in-process-sink.ts'

const SUSPENDED = toCloudEvent({ ...EVENT, type: 'user-engine.user.suspended' }, { source: '/tests' })
const UNKNOWN = toCloudEvent({ ...EVENT, type: 'somebody.elses' }, { source: '/tests' })

test('an event goes to the handler of its type, and every other to the rest', async () => {
  const seen: [string, unknown][] = []
  const sink = createInProcessSink({
    handlers: { 'user-engine.user.suspended': ({ data }) => void seen.push(['suspended', data.userId]) },
    otherwise: async ({ type }) => void seen.push(['otherwise', type]),
  })
  await sink.deliver(SUSPENDED, deliveryOf())
  await sink.deliver(UNKNOWN, deliveryOf())
  expect(seen).toEqual([
    ['suspended', EVENT.payload.userId],
    ['otherwise', 'somebody.elses'],
  ])
})

test('what nobody handles is taken over', async () => {
  await createInProcessSink({}).deliver(UNKNOWN, deliveryOf())
})

test('what a handler throws is why the event was not taken over, thrown at once or later', async () => {
  const failure = new TypeError('x')
  const thrower = () => {
    throw failure
  }
  for (const otherwise of [thrower, async () => thrower()]) {
    await expect(createInProcessSink({ otherwise }).deliver(UNKNOWN, deliveryOf())).rejects.toBe(failure)
  }
})
