// When a delivery is over, and in which order events arrive.
import assert from 'node:assert/strict'
import { caseEvent, idsOf } from '../case-events.ts'
import { type SinkCase, WATCHED_MS } from '../sink-case.ts'

const sequence = (length: number, aggregateId: string) =>
  Array.from({ length }, (_, number) => caseEvent({ aggregateId, payload: { number } }))

export const delivering: readonly SinkCase[] = [
  {
    id: 'taken-over-before-it-resolves',
    title: 'resolves when the receiver has the event, and not before',
    modes: [],
    async run({ receiver, mustDeliver }) {
      for (const event of sequence(5, caseEvent().id)) {
        await mustDeliver(event)
        const received = await receiver.received()
        assert.deepEqual(idsOf(received).at(-1), event.id, 'the receiver has the event that was delivered')
      }
    },
  },
  {
    id: 'silence-is-no-success',
    title: 'does not resolve while the receiver has not answered',
    modes: ['silent'],
    async run({ receiver, deliver }) {
      await receiver.become('silent')
      const { status } = await deliver(caseEvent(), WATCHED_MS)
      assert.notEqual(status, 'taken', 'an event that nobody has taken over is not reported as delivered')
    },
  },
  {
    id: 'gives-up-when-told',
    title: 'fails within two seconds after its signal is aborted',
    modes: ['silent'],
    async run({ receiver, mustFail }) {
      await receiver.become('silent')
      await mustFail(caseEvent(), WATCHED_MS)
    },
  },
  {
    id: 'does-not-start-when-told-before',
    title: 'delivers nothing under a signal that is aborted already',
    modes: [],
    async run({ sink, receiver, mustDeliver }) {
      const [never, other] = [caseEvent(), caseEvent()]
      const signal = AbortSignal.abort(new Error('told before'))
      await assert.rejects(async () => await sink.deliver(never, { signal }), 'the delivery fails')
      await mustDeliver(other)
      assert.deepEqual(idsOf(await receiver.received()), [other.id], 'the receiver has the other event only')
    },
  },
  {
    id: 'order-of-an-aggregate',
    title: 'events that are delivered one after the other arrive in that order',
    modes: [],
    async run({ receiver, mustDeliver }) {
      const events = sequence(12, caseEvent().id)
      for (const event of events) await mustDeliver(event)
      assert.deepEqual(idsOf(await receiver.received()), idsOf(events), 'the order of arrival')
    },
  },
  {
    id: 'aggregates-at-once',
    title: 'deliveries at the same time all arrive, each once',
    modes: [],
    async run({ receiver, mustDeliver }) {
      const events = Array.from({ length: 12 }, () => caseEvent())
      await Promise.all(events.map((event) => mustDeliver(event)))
      assert.deepEqual(idsOf(await receiver.received()).sort(), idsOf(events).sort(), 'what has arrived')
    },
  },
]
