import type { OutboxEvent } from '@user-engine/store-protocol'
import { HTTP } from 'cloudevents'
import { expect, test } from 'vitest'
import { toCloudEvent } from './cloud-event.ts'

const EVENT: OutboxEvent = {
  id: '0198c5d4-7c00-7000-8000-000000000000',
  tenantId: 'acme',
  aggregateType: 'user',
  aggregateId: '0198c5d4-7c00-7000-8000-000000000001',
  type: 'user-engine.user.suspended',
  schemaVersion: 1,
  payload: { userId: '0198c5d4-7c00-7000-8000-000000000001', status: 'suspended', version: 2 },
  occurredAt: '2026-01-31T09:30:00.007Z',
  correlationId: 'request-1',
  causationId: 'event-1',
}

test('an event becomes a CloudEvents 1.0 envelope', () => {
  expect(toCloudEvent(EVENT, { source: '/tests' }).toJSON()).toEqual({
    specversion: '1.0',
    id: EVENT.id,
    source: '/tests',
    type: 'user-engine.user.suspended',
    subject: `user/${EVENT.aggregateId}`,
    time: EVENT.occurredAt,
    datacontenttype: 'application/json',
    dataschema: 'urn:user-engine:event:user-engine.user.suspended:1',
    tenantid: 'acme',
    correlationid: 'request-1',
    causationid: 'event-1',
    data: EVENT.payload,
  })
})

test('what an event does not have is absent', () => {
  const event = { ...EVENT, tenantId: null, correlationId: null, causationId: null }
  const envelope = toCloudEvent(event, { source: '/tests' }).toJSON()
  for (const extension of ['tenantid', 'correlationid', 'causationid'])
    expect(envelope).not.toHaveProperty(extension)
})

test('a receiver reads back what was sent', () => {
  const sent = toCloudEvent(EVENT, { source: '/tests' })
  expect(HTTP.toEvent(HTTP.structured(sent))).toEqual(sent)
})
