import type { OutboxEvent } from '@user-engine/store-protocol'

/** An event with every attribute there is. */
export const EVENT: OutboxEvent = {
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
