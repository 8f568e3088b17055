import {
  OUTBOX_STATES,
  type OutboxAppender,
  type OutboxEntry,
  type OutboxEvent,
  type OutboxReader,
  type OutboxState,
  outboxEventSchema,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { parsePage, readPage } from './pages.ts'
import type { Sync } from './sync-role.ts'
import { assertOwnTenant, inScope, PLATFORM, type Unit } from './unit.ts'

const stateSchema = z.enum(OUTBOX_STATES).optional()

// An event beyond what the relay has taken over waits; of the others, a settled one has no delivery any more.
const ENTRIES = `
  SELECT * FROM (
    SELECT event.position, event.tenant_id, event.doc, delivery.attempts,
      CASE WHEN delivery.death IS NOT NULL THEN 'dead'
        WHEN delivery.position IS NULL AND event.position <= (SELECT taken_over FROM beside.counters) THEN 'delivered'
        ELSE 'pending' END AS state
    FROM main.outbox_events event LEFT JOIN beside.deliveries delivery ON delivery.position = event.position)`

interface EntryRow {
  readonly doc: string
  readonly attempts: number | null
  readonly state: OutboxState
}

export function outboxReader(unit: Unit): Sync<OutboxReader> {
  return {
    list({ state, page } = {}) {
      const wanted = validate(stateSchema, state)
      return readPage(
        unit.connection,
        {
          name: `outbox:${wanted ?? ''}`,
          select: ENTRIES,
          where: ['tenant_id = :tenant', ...(wanted === undefined ? [] : ['state = :state'])],
          parameters: inScope(unit, wanted === undefined ? {} : { state: wanted }),
          order: [{ column: 'position', type: 'number' }],
        },
        parsePage(page),
        ({ doc, attempts, state: found }: EntryRow): OutboxEntry => ({
          event: JSON.parse(doc) as OutboxEvent,
          state: found,
          attempts: found === 'delivered' ? null : (attempts ?? 0),
        }),
      )
    },
  }
}

/** Appends to the log. There is one writer, so the order of positions is the order of commits [OBX-01, OBX-05]. */
export function outboxAppender(unit: Unit): Sync<OutboxAppender> {
  return {
    append(event) {
      const record = validate(outboxEventSchema, event)
      assertOwnTenant(unit, record.tenantId, 'outbox-event')
      const row = {
        tenant_id: record.tenantId ?? PLATFORM,
        id: record.id,
        aggregate_type: record.aggregateType,
        aggregate_id: record.aggregateId,
        appended_at: Date.now(),
        doc: JSON.stringify(record),
      }
      const sql = 'SELECT 1 FROM main.outbox_events WHERE tenant_id = :tenant_id AND id = :id'
      if (unit.connection.get(sql, row) !== undefined)
        throw new UserEngineError('DUPLICATE_KEY', { entity: 'outbox-event', key: 'id' })
      unit.connection.run(
        `INSERT INTO main.outbox_events (tenant_id, id, aggregate_type, aggregate_id, appended_at, doc)
         VALUES (:tenant_id, :id, :aggregate_type, :aggregate_id, :appended_at, :doc)`,
        row,
      )
    },
  }
}
