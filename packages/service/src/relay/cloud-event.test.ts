import { CloudEvent, HTTP } from 'cloudevents'
import { expect, test } from 'vitest'
import { EVENT } from '../testing/outbox-event.ts'
import { isEventSource, toCloudEvent } from './cloud-event.ts'

test('an event becomes a CloudEvents 1.0 envelope', () => {
  expect(toCloudEvent(EVENT, { source: '/tests' })).toEqual({
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
  const envelope = toCloudEvent(event, { source: '/tests' })
  for (const extension of ['tenantid', 'correlationid', 'causationid'])
    expect(envelope).not.toHaveProperty(extension)
})

test('the SDK of CloudEvents takes the envelope for valid, and reads back what was sent', () => {
  const sent = toCloudEvent(EVENT, { source: '/tests' })
  const body = JSON.stringify(sent)
  const received = HTTP.toEvent({ headers: { 'content-type': 'application/cloudevents+json' }, body })
  expect(received).toEqual(new CloudEvent(sent))
  expect({ ...new CloudEvent(sent) }).toMatchObject(sent)
})

test('a source is a URI reference', () => {
  for (const source of ['/user-engine', 'https://users.example/a?b#c', 'urn:user-engine', 'a']) {
    expect(isEventSource(source), source).toBe(true)
  }
  for (const source of ['', 'two words', 'a\nb', '%', 'http://[']) {
    expect(isEventSource(source), source).toBe(false)
  }
})
