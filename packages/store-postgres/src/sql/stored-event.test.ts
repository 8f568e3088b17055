import { expect, test } from 'vitest'
import { outboxEvent } from '../testing/outbox-world.ts'
import { readStoredEvent, storedEvent } from './stored-event.ts'

test('an event is read back as it was stored, every field of it', () => {
  const event = outboxEvent('u1', {
    tenantId: null,
    payload: { text: 'ünïcode 😀', none: null, list: [[], {}], number: 0.1 },
    correlationId: 'c-1',
  })
  expect(readStoredEvent(storedEvent(event))).toEqual(event)
})
