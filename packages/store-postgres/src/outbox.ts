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
import { columns, type RowReader } from './sql/columns.ts'
import { planPage } from './sql/keyset-page.ts'
import { jsonParameter } from './sql/parameters.ts'
import type { SchemaName } from './sql/schema-name.ts'
import { ofTenant } from './sql/visibility.ts'

const COLUMNS = [
  'id',
  'tenant_id',
  'aggregate_type',
  'aggregate_id',
  'type',
  'schema_version',
  'payload',
  'occurred_at',
  'correlation_id',
  'causation_id',
]

/** The columns of an event, for joins. */
export function outboxEventColumns(alias: string): string {
  return columns(alias, COLUMNS)
}

/** Reads an event from the columns of {@link outboxEventColumns}. */
export function readOutboxEvent(row: RowReader): OutboxEvent {
  return {
    id: row.text(),
    tenantId: row.text() || null,
    aggregateType: row.text(),
    aggregateId: row.text(),
    type: row.text(),
    schemaVersion: row.number(),
    payload: row.json(),
    occurredAt: row.instant(),
    correlationId: row.textOrNull(),
    causationId: row.textOrNull(),
  }
}

/** What an append brings, in the order of its parameters. */
const APPENDED = {
  tenant_id: 'text',
  id: 'uuid',
  aggregate_type: 'text',
  aggregate_id: 'text',
  type: 'text',
  schema_version: 'integer',
  payload: 'jsonb',
  occurred_at: 'timestamptz',
  correlation_id: 'text',
  causation_id: 'text',
} as const

export type OutboxStatements = ReturnType<typeof outboxStatements>

export function outboxStatements(s: SchemaName) {
  const entry = (state: string, attempts: string) =>
    `SELECT e.seq, ${outboxEventColumns('e')}, ${state} AS state, ${attempts} AS attempts`
  const pageOf = (table: string, condition = '') => `
    WITH page AS MATERIALIZED (
      SELECT p.* FROM ${s}.${table} p WHERE ${ofTenant('p.tenant_id', '$1')} AND p.seq > $2 ${condition}
      ORDER BY p.seq LIMIT $3)`
  // Looked up for each row of a page; LIMIT keeps the planner from hashing the whole table instead.
  const found = (table: string, row: string) =>
    `(SELECT f.seq, f.attempts FROM ${s}.${table} f WHERE f.seq = ${row}.seq LIMIT 1)`
  const isMissing = (table: string) =>
    `(SELECT true FROM ${s}.${table} f WHERE f.seq = p.seq LIMIT 1) IS NULL`
  const eventOf = (row: string) => `
    CROSS JOIN LATERAL (SELECT * FROM ${s}.outbox_events f
      WHERE f.tenant_id = ${row}.tenant_id AND f.id = ${row}.event_id LIMIT 1) e`
  const appended = (event: string) =>
    defineStatement(`
      WITH appended AS MATERIALIZED (${event}),
      event AS (
        INSERT INTO ${s}.outbox_events (seq, tenant_id, id, aggregate_type, aggregate_id, type, schema_version, payload,
          occurred_at, correlation_id, causation_id)
        SELECT * FROM appended)
      INSERT INTO ${s}.outbox_deliveries (seq, tenant_id, event_id, aggregate_type, aggregate_id)
      SELECT seq, tenant_id, id, aggregate_type, aggregate_id FROM appended`)
  const given = Object.entries(APPENDED)
  const appendOne = (position: string) => {
    const columns = given.map(([name, type], index) => `$${index + 1}::${type} AS ${name}`)
    return appended(`SELECT ${position} AS seq, ${columns.join(', ')}`)
  }
  const position = `nextval('${s}.outbox_positions')`
  const arrays = given.map(([, type], index) => `$${index + 1}::${type}[]`)
  const names = Object.keys(APPENDED).join(', ')
  return {
    list: defineStatement(`
      ${pageOf('outbox_events')}
      ${entry(`CASE WHEN d.seq IS NOT NULL THEN 'pending' WHEN l.seq IS NOT NULL THEN 'dead' ELSE 'delivered' END`, 'coalesce(d.attempts, l.attempts)')}
      FROM page e
      LEFT JOIN LATERAL ${found('outbox_deliveries', 'e')} d ON true
      LEFT JOIN LATERAL ${found('outbox_dead_letters', 'e')} l ON true
      ORDER BY e.seq`),
    listPending: defineStatement(`
      ${pageOf('outbox_deliveries')}
      ${entry(`'pending'`, 'd.attempts')} FROM page d ${eventOf('d')} ORDER BY d.seq`),
    listDead: defineStatement(`
      ${pageOf('outbox_dead_letters')}
      ${entry(`'dead'`, 'd.attempts')} FROM page d ${eventOf('d')} ORDER BY d.seq`),
    listDelivered: defineStatement(`
      ${pageOf('outbox_events', `AND ${isMissing('outbox_deliveries')} AND ${isMissing('outbox_dead_letters')}`)}
      ${entry(`'delivered'`, 'NULL')} FROM page e ORDER BY e.seq`),
    append: {
      types: Object.values(APPENDED),
      one: appendOne(position),
      many: appended(`
        SELECT ${position} AS seq, ${names} FROM (
          SELECT * FROM unnest(${arrays.join(', ')}) WITH ORDINALITY r (${names}, place) ORDER BY r.place) r`),
    },
    preview: appendOne('$11::bigint'),
    probe: defineStatement(`
      INSERT INTO ${s}.outbox_events (seq, tenant_id, id, aggregate_type, aggregate_id, type, schema_version, payload, occurred_at)
      SELECT -e.seq, e.tenant_id, e.id, e.aggregate_type, e.aggregate_id, e.type, e.schema_version, e.payload, e.occurred_at
      FROM ${s}.outbox_events e WHERE ${ofTenant('e.tenant_id', '$1')} AND e.id = $2`),
  }
}

interface PositionedEntry {
  readonly position: number
  readonly entry: OutboxEntry
}

function readPositioned(row: RowReader): PositionedEntry {
  const position = row.number()
  const event = readOutboxEvent(row)
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
      const { id, tenantId, aggregateType, aggregateId, type, schemaVersion, payload } = parsed
      if (this.#handle.tenantId !== null && tenantId !== this.#handle.tenantId) {
        throw new UserEngineError('TENANT_BOUNDARY', { entity: 'outbox-event' })
      }
      const values = [
        ...[tenantId ?? PLATFORM_KEY, id, aggregateType, aggregateId, type, String(schemaVersion)],
        ...[jsonParameter(payload), parsed.occurredAt, parsed.correlationId, parsed.causationId],
      ]
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
