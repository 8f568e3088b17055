// What arrives is what was delivered.
import assert from 'node:assert/strict'
import { deepFreeze } from '@user-engine/store-protocol'
import { CANARY, caseEvent, TEXTS } from '../case-events.ts'
import type { SinkCase } from '../sink-case.ts'

const MAX_NAME_LENGTH = 64
/** Near the largest value that the contract allows [VAL-02], in characters of two bytes. */
const LARGE_CHARACTERS = 120_000

export const keeping: readonly SinkCase[] = [
  {
    id: 'whole-envelope',
    title: 'every attribute and the payload arrive as they were',
    modes: [],
    async run({ receiver, mustDeliver }) {
      const payload = {
        text: 'a',
        none: null,
        empty: {},
        list: [1, [], { deep: [null, false] }],
        number: -1.5,
      }
      const event = caseEvent({ payload })
      await mustDeliver(event)
      assert.deepEqual(await receiver.received(), [event], 'what has arrived')
    },
  },
  {
    id: 'absent-stays-absent',
    title: 'an attribute that an event does not have does not arrive',
    modes: [],
    async run({ receiver, mustDeliver }) {
      const event = caseEvent({ tenantId: null, correlationId: null, causationId: null, payload: {} })
      await mustDeliver(event)
      assert.deepEqual(await receiver.received(), [event], 'what has arrived')
    },
  },
  {
    id: 'texts-arrive-unchanged',
    title: 'texts of any script, quotes, percent signs and line breaks arrive as they were',
    modes: [],
    async run({ receiver, mustDeliver }) {
      for (const text of TEXTS) {
        const before = (await receiver.received()).length
        const event = caseEvent({
          aggregateId: text,
          type: text,
          correlationId: text,
          causationId: text,
          payload: { [text]: text },
        })
        await mustDeliver(event)
        assert.deepEqual((await receiver.received()).slice(before), [event], 'what has arrived')
      }
    },
  },
  {
    id: 'large-events-arrive-whole',
    title: 'an event near the limit of the contract arrives whole',
    modes: [],
    async run({ receiver, mustDeliver }) {
      const event = caseEvent({ payload: { text: 'é'.repeat(LARGE_CHARACTERS) } })
      await mustDeliver(event)
      assert.deepEqual(await receiver.received(), [event], 'what has arrived')
    },
  },
  {
    id: 'same-identity-again',
    title: 'an event that is delivered again can be recognised, and is the same',
    modes: [],
    async run({ receiver, mustDeliver }) {
      const event = caseEvent()
      await mustDeliver(event)
      await mustDeliver(event)
      const received = await receiver.received()
      assert.ok(received.length > 0, 'it has arrived')
      for (const again of received) assert.deepEqual(again, event, 'what has arrived')
    },
  },
  {
    id: 'tenants-apart',
    title: 'one event id in two tenants, and on the platform, is three events',
    modes: [],
    async run({ receiver, mustDeliver }) {
      const { id } = caseEvent()
      const events = ['acme', 'globex', null].map((tenantId) => caseEvent({ id, tenantId }))
      for (const event of events) await mustDeliver(event)
      assert.deepEqual(await receiver.received(), events, 'what has arrived')
    },
  },
  {
    id: 'events-are-left-alone',
    title: 'changes nothing of the event it is given',
    modes: [],
    async run({ mustDeliver }) {
      const event = caseEvent({ payload: { deep: { list: [CANARY] } } })
      const before = structuredClone(event)
      await mustDeliver(event)
      assert.deepEqual(event, before, 'the event after its delivery')
      await mustDeliver(deepFreeze(caseEvent()))
    },
  },
  {
    id: 'has-a-name',
    title: `has a name of 1 to ${MAX_NAME_LENGTH} characters for logs and metrics`,
    modes: [],
    async run({ sink }) {
      assert.equal(typeof sink.name, 'string', 'the type of the name')
      assert.ok(sink.name.length >= 1 && sink.name.length <= MAX_NAME_LENGTH, 'the length of the name')
    },
  },
]
