import {
  OUTBOX_STATES,
  type OutboxAppender,
  type OutboxEntry,
  type OutboxEvent,
  type OutboxReader,
  type OutboxState,
  outboxEventSchema,
  type Page,
  type PageRequest,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { PLATFORM_KEY } from './audit.ts'
import { defineStatement } from './connection/statement.ts'
import { type Handle, planInsert } from './handle.ts'
import type { RowReader } from './sql/columns.ts'
import { insertStatements } from './sql/insert-statements.ts'
import { planPage } from './sql/keyset-page.ts'
import { isLate, outboxProgress } from './sql/outbox-progress.ts'
import type { SchemaName } from './sql/schema-name.ts'
import { readStoredEvent, storedEvent } from './sql/stored-event.ts'
import { ofTenant } from './sql/visibility.ts'

export type OutboxStatements = ReturnType<typeof outboxStatements>

export function outboxStatements(s: SchemaName) {
  const ofScope = (alias: string) => ofTenant(`${alias}.tenant_id`, '$1')
  // Looked up for each row of a page; LIMIT keeps the planner from hashing the whole table instead.
  const found = (table: string) =>
    `(SELECT f.seq, f.attempts FROM ${s}.${table} f WHERE f.seq = e.seq LIMIT 1)`
  const isMissing = (table: string) =>
    `(SELECT true FROM ${s}.${table} f WHERE f.seq = e.seq LIMIT 1) IS NULL`
  const eventOf = `
    CROSS JOIN LATERAL (SELECT e.event FROM ${s}.outbox_events e
      WHERE e.tenant_id = d.tenant_id AND e.id = d.event_id LIMIT 1) e`
  const pageOf = (table: string) => `
    SELECT d.* FROM ${s}.${table} d WHERE ${ofScope('d')} AND d.seq > $2 ORDER BY d.seq LIMIT $3`
  const lateEvents = (xids: string, above: string) => `
    (SELECT e.seq, e.event, 0 FROM progress p CROSS JOIN LATERAL unnest(${xids}) AS x CROSS JOIN LATERAL (
      SELECT e.seq, e.event FROM ${s}.outbox_events e
      WHERE e.xid = x AND ${ofScope('e')} AND e.seq > greatest($2, ${above}) AND e.seq <= p.position
      ORDER BY e.seq LIMIT $3) e)`
  const isLeased = 'e.seq IN (SELECT seq FROM leased)'
  return {
    list: defineStatement(`
      WITH ${outboxProgress(s)},
      page AS MATERIALIZED (
        SELECT e.* FROM ${s}.outbox_events e WHERE ${ofScope('e')} AND e.seq > $2 ORDER BY e.seq LIMIT $3),
      judged AS (
        SELECT e.seq, e.event, l.attempts AS dead, CASE
          WHEN e.seq > p.position THEN 0
          WHEN d.seq IS NOT NULL THEN d.attempts
          WHEN ${isLeased} THEN 1
          WHEN ${isLate('e', 'p')} THEN 0 END AS pending
        FROM progress p CROSS JOIN page e
        LEFT JOIN LATERAL ${found('outbox_deliveries')} d ON true
        LEFT JOIN LATERAL ${found('outbox_dead_letters')} l ON true)
      SELECT seq, event,
        CASE WHEN pending IS NOT NULL THEN 'pending' WHEN dead IS NOT NULL THEN 'dead' ELSE 'delivered' END,
        coalesce(pending, dead)
      FROM judged ORDER BY seq`),
    listPending: defineStatement(`
      WITH ${outboxProgress(s)},
      pending AS (
        (SELECT e.seq, e.event, 0 AS attempts FROM progress p CROSS JOIN LATERAL (
          SELECT e.seq, e.event FROM ${s}.outbox_events e
          WHERE ${ofScope('e')} AND e.seq > greatest($2, p.position) ORDER BY e.seq LIMIT $3) e)
        UNION ALL
        ${lateEvents('p.late', 'p.late_floor')}
        UNION ALL
        ${lateEvents('p.ended', 'p.ended_taken')}
        UNION ALL
        (SELECT e.seq, e.event, 1 FROM leases l CROSS JOIN LATERAL (
          SELECT e.seq, e.event FROM ${s}.outbox_events e
          WHERE ${ofScope('e')} AND e.seq > $2 AND e.seq BETWEEN l.seqs[1] AND l.seqs[cardinality(l.seqs)]
            AND get_bit(l.settled, array_position(l.seqs, e.seq) - 1) = 0
          ORDER BY e.seq LIMIT $3) e)
        UNION ALL
        (SELECT d.seq, e.event, d.attempts FROM (${pageOf('outbox_deliveries')}) d ${eventOf}))
      SELECT seq, event, 'pending', attempts FROM pending ORDER BY seq LIMIT $3`),
    listDead: defineStatement(`
      SELECT d.seq, e.event, 'dead', d.attempts FROM (${pageOf('outbox_dead_letters')}) d ${eventOf} ORDER BY d.seq`),
    listDelivered: defineStatement(`
      WITH ${outboxProgress(s)}
      SELECT e.seq, e.event, 'delivered', NULL FROM progress p CROSS JOIN LATERAL (
        SELECT e.seq, e.event FROM ${s}.outbox_events e
        WHERE ${ofScope('e')} AND e.seq > $2 AND e.seq <= p.position
          AND NOT ${isLeased} AND NOT ${isLate('e', 'p')}
          AND ${isMissing('outbox_deliveries')} AND ${isMissing('outbox_dead_letters')}
        ORDER BY e.seq LIMIT $3) e ORDER BY e.seq`),
    // The table draws the position, after the id of the transaction.
    append: insertStatements({
      schema: s,
      table: 'outbox_events',
      columns: { tenant_id: 'text', id: 'uuid', aggregate_type: 'text', aggregate_id: 'text', event: 'json' },
    }),
    preview: defineStatement(`
      INSERT INTO ${s}.outbox_events (tenant_id, id, aggregate_type, aggregate_id, event, seq)
      VALUES ($1, $2, $3, $4, $5, $6)`),
    probe: defineStatement(`
      INSERT INTO ${s}.outbox_events (tenant_id, id, aggregate_type, aggregate_id, event, seq)
      SELECT e.tenant_id, e.id, e.aggregate_type, e.aggregate_id, e.event, -e.seq
      FROM ${s}.outbox_events e WHERE ${ofScope('e')} AND e.id = $2`),
  }
}

interface PositionedEntry {
  readonly position: number
  readonly entry: OutboxEntry
}

function readPositioned(row: RowReader): PositionedEntry {
  const position = row.number()
  const event = readStoredEvent(row.text())
  return { position, entry: { event, state: row.word(), attempts: row.numberOrNull() } }
}

export function createOutbox(handle: Handle, statements: OutboxStatements): OutboxReader & OutboxAppender {
  return new PostgresOutbox(handle, statements)
}

class PostgresOutbox implements OutboxReader, OutboxAppender {
  readonly #handle: Handle
  readonly #sql: OutboxStatements

  constructor(handle: Handle, statements: OutboxStatements) {
    this.#handle = handle
    this.#sql = statements
  }

  list(request?: { readonly state?: OutboxState; readonly page?: PageRequest }): Promise<Page<OutboxEntry>> {
    return this.#handle.readAppends(() => {
      const state = validate(z.enum(OUTBOX_STATES).optional(), request?.state)
      const planned = planPage<PositionedEntry>({
        list: `outbox:${state ?? 'all'}`,
        page: request?.page,
        start: [0],
        call: (after, limit) => ({
          statement: this.#listStatement(state),
          values: [this.#handle.tenantId ?? PLATFORM_KEY, ...after, limit],
        }),
        isGoodKey: ([position]) => this.#handle.isKnownPosition(Number(position)),
        read: readPositioned,
        keyOf: ({ position }) => [position],
      })
      return {
        call: planned.call,
        parse: (rows) => {
          const { items, nextCursor } = planned.parse(rows)
          return { items: items.map(({ entry }) => entry), nextCursor }
        },
      }
    })
  }

  append(event: OutboxEvent): Promise<void> {
    return this.#handle.append(() => {
      const parsed = validate(outboxEventSchema, event)
      const { id, tenantId, aggregateType, aggregateId } = parsed
      if (this.#handle.tenantId !== null && tenantId !== this.#handle.tenantId) {
        throw new UserEngineError('TENANT_BOUNDARY', { entity: 'outbox-event' })
      }
      const values = [tenantId ?? PLATFORM_KEY, id, aggregateType, aggregateId, storedEvent(parsed)]
      return {
        ...planInsert(this.#sql.append, values),
        subject: { entity: 'outbox-event', id },
        preview: (position) => ({ statement: this.#sql.preview, values: [...values, String(position)] }),
        probe: { statement: this.#sql.probe, values: values.slice(0, 2) },
      }
    })
  }

  #listStatement(state: OutboxState | undefined) {
    if (state === 'pending') return this.#sql.listPending
    if (state === 'dead') return this.#sql.listDead
    return state === 'delivered' ? this.#sql.listDelivered : this.#sql.list
  }
}
