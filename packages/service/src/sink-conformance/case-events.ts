import type { JsonObject } from '@user-engine/store-protocol'
import { createIdGenerator } from '../ports/id-generator.ts'
import { type OutboxCloudEvent, toCloudEvent } from '../relay/cloud-event.ts'

const ids = createIdGenerator()

/** What may be said about an event of a case; the rest has a default. */
export interface CaseEventFacts {
  readonly id?: string
  readonly tenantId?: string | null
  readonly aggregateId?: string
  readonly type?: string
  readonly payload?: JsonObject
  readonly correlationId?: string | null
  readonly causationId?: string | null
}

/** An event as a relay hands it over, with every attribute there is unless told otherwise. */
export function caseEvent(facts: CaseEventFacts = {}): OutboxCloudEvent {
  return toCloudEvent(
    {
      id: ids.next(),
      tenantId: 'acme',
      aggregateType: 'user',
      aggregateId: ids.next(),
      type: 'user-engine.user.suspended',
      schemaVersion: 1,
      payload: { status: 'suspended', version: 2 },
      occurredAt: '2026-01-31T09:30:00.007Z',
      correlationId: 'request-1',
      causationId: 'event-1',
      ...facts,
    },
    { source: '/user-engine' },
  )
}

/** Texts that transports like to change: encodings, headers, subjects, percent codes. */
export const TEXTS: readonly string[] = [
  'ä€😀',
  'two  words ',
  'a "quote" and 100% and %41',
  'line\nbreak\tand tab',
  'a.b>c*d/e\\f',
  'e\u0301 and \u00e9',
  '\u202eright to left',
]

/** Planted in payloads and attributes: no error may contain it [DIA-02]. */
export const CANARY = 'canary-5d2e'

/** The ids of what a receiver has, as far as it has any. */
export function idsOf(received: readonly object[]): unknown[] {
  return received.map((event) => ('id' in event ? event.id : undefined))
}
