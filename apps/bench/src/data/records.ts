// The records that the paths write: the same fields for every path.
import type { AuditRecord, OutboxEvent } from '@user-engine/store-protocol'
import { newId } from './world.ts'

export const ACTOR = { type: 'service', id: 'bench' } as const

export interface About {
  readonly tenantId: string
  readonly action: string
  readonly targetType: AuditRecord['target']['type']
  readonly targetId: string
  readonly changedFields: readonly string[]
  readonly event: string
  readonly aggregateId: string
  readonly payload: OutboxEvent['payload']
  readonly now: string
}

export function auditRecordOf(about: About): AuditRecord {
  const { tenantId, action, targetType, targetId, changedFields, now } = about
  return {
    id: newId(),
    tenantId,
    occurredAt: now,
    actor: ACTOR,
    action,
    target: { type: targetType, id: targetId },
    outcome: 'allowed',
    reason: null,
    changedFields: [...changedFields],
    correlationId: newId(),
    causationId: null,
  }
}

export function eventOf(about: About, correlationId: string | null): OutboxEvent {
  const { tenantId, event, aggregateId, payload, now } = about
  return {
    id: newId(),
    tenantId,
    aggregateType: 'user',
    aggregateId,
    type: event,
    schemaVersion: 1,
    payload,
    occurredAt: now,
    correlationId,
    causationId: null,
  }
}
