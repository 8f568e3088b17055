import type { OutboxEvent } from '@user-engine/store-protocol'
import { jsonParameter } from './parameters.ts'

// An event is kept as it leaves, whole and as one value: an array of its fields in this order. The names would be a third of
// what is kept, sent and parsed for every event.
type StoredEvent = readonly [
  id: OutboxEvent['id'],
  tenantId: OutboxEvent['tenantId'],
  aggregateType: OutboxEvent['aggregateType'],
  aggregateId: OutboxEvent['aggregateId'],
  type: OutboxEvent['type'],
  schemaVersion: OutboxEvent['schemaVersion'],
  occurredAt: OutboxEvent['occurredAt'],
  correlationId: OutboxEvent['correlationId'],
  causationId: OutboxEvent['causationId'],
  payload: OutboxEvent['payload'],
]

/** The parameter for the column of an event. */
export function storedEvent(event: OutboxEvent): string {
  const { id, tenantId, aggregateType, aggregateId, type, schemaVersion } = event
  const { occurredAt, correlationId, causationId, payload } = event
  // biome-ignore format: in the order of the type
  const stored: StoredEvent = [
    id, tenantId, aggregateType, aggregateId, type, schemaVersion, occurredAt, correlationId, causationId, payload,
  ]
  return jsonParameter(stored)
}

/** Reads what {@link storedEvent} made. */
export function readStoredEvent(text: string): OutboxEvent {
  // biome-ignore format: in the order of the type
  const [id, tenantId, aggregateType, aggregateId, type, schemaVersion, occurredAt, correlationId, causationId, payload] =
    JSON.parse(text) as StoredEvent
  // biome-ignore format: in the order of the type
  return {
    id, tenantId, aggregateType, aggregateId, type, schemaVersion, payload, occurredAt, correlationId, causationId,
  }
}
