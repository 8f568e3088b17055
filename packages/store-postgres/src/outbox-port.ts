// The relay's side of the outbox. Claims take turns under a lock of the transaction, so that a claim sees every lease
// that was given before it and no event of an aggregate overtakes another; acknowledgements take no turns. What has
// been settled leaves the table of deliveries, so that nothing here grows with history [OBX-08].
import {
  type AckRequest,
  ackRequestSchema,
  type ClaimRequest,
  claimRequestSchema,
  type DeadLetter,
  type DeadLetterRequest,
  deadLetterRequestSchema,
  type ExtendRequest,
  extendRequestSchema,
  type Id,
  type Instant,
  idSchema,
  type NackRequest,
  nackRequestSchema,
  type OutboxLease,
  type OutboxPort,
  type OutboxStats,
  type Page,
  type PageRequest,
  type StoreCapabilities,
  validate,
} from '@user-engine/store-protocol'
import * as z from 'zod'
import { defineStatement, type Row, type StatementCall } from './connection/statement.ts'
import { outboxEventColumns, readOutboxEvent } from './outbox.ts'
import type { Session } from './session.ts'
import { parseTimestamp, RowReader } from './sql/columns.ts'
import { planPage } from './sql/keyset-page.ts'
import { idArrayParameter } from './sql/parameters.ts'
import type { SchemaName } from './sql/schema-name.ts'

export type OutboxPortStatements = ReturnType<typeof outboxPortStatements>

export function outboxPortStatements(s: SchemaName) {
  const event = outboxEventColumns('e')
  const joinEvent = `JOIN ${s}.outbox_events e ON e.tenant_id = d.tenant_id AND e.id = d.event_id`
  const held = 'd.event_id = ANY ($1::uuid[]) AND d.token = $2::bigint'
  const milliseconds = (parameter: string) => `${parameter}::bigint * interval '1 millisecond'`
  // All or nothing: a single event that the token does not hold refuses the whole call [OBX-03].
  const refuseOthers = (affected: string) => `
    CASE WHEN (SELECT count(DISTINCT event_id) FROM ${affected}) < cardinality($1::uuid[])
      THEN ${s}.refuse_stale_lease($2::bigint, ARRAY(SELECT unnest($1::uuid[]) EXCEPT SELECT event_id FROM ${affected})) END`
  const bury = (from: string, reason: string) => `
    INSERT INTO ${s}.outbox_dead_letters (seq, tenant_id, event_id, attempts, reason)
    SELECT seq, tenant_id, event_id, attempts, ${reason} FROM ${from}`
  return {
    takeTurn: defineStatement(`
      SELECT pg_advisory_xact_lock(hashtextextended('user-engine outbox ${s}', 0)), nextval('${s}.outbox_tokens'),
        clock_timestamp() + ${milliseconds('$1')}`),
    // The subquery over the aggregate is scalar on purpose: as NOT EXISTS it may be planned over the whole table.
    claim: defineStatement(`
      WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS instant),
      due AS MATERIALIZED (
        SELECT d.seq, d.attempts FROM ${s}.outbox_deliveries d, moment
        WHERE (d.leased_until IS NULL OR d.leased_until <= moment.instant)
          AND (d.retry_at IS NULL OR d.retry_at <= moment.instant)
          AND (SELECT true FROM ${s}.outbox_deliveries b
            WHERE b.aggregate_type = d.aggregate_type AND b.aggregate_id = d.aggregate_id AND b.seq <> d.seq
              AND (b.leased_until > moment.instant OR (b.seq < d.seq AND b.retry_at > moment.instant)) LIMIT 1) IS NULL
        ORDER BY d.seq LIMIT $1),
      exhausted AS (
        DELETE FROM ${s}.outbox_deliveries d
        WHERE d.seq IN (SELECT seq FROM due WHERE attempts >= $4) RETURNING d.*),
      buried AS (${bury('exhausted', `'lease expired'`)}),
      claimed AS (
        UPDATE ${s}.outbox_deliveries d SET
          token = currval('${s}.outbox_tokens'), consumer = $2, attempts = attempts + 1, retry_at = NULL,
          leased_until = clock_timestamp() + ${milliseconds('$3')}
        WHERE d.seq IN (SELECT seq FROM due WHERE attempts < $4)
        RETURNING d.seq, d.tenant_id, d.event_id, d.attempts)
      SELECT d.attempts, ${event} FROM claimed d ${joinEvent} ORDER BY d.seq`),
    ack: defineStatement(`
      WITH settled AS (DELETE FROM ${s}.outbox_deliveries d WHERE ${held} RETURNING d.event_id)
      SELECT ${refuseOthers('settled')}`),
    extend: defineStatement(`
      WITH extended AS (
        UPDATE ${s}.outbox_deliveries d SET leased_until = clock_timestamp() + ${milliseconds('$3')}
        WHERE ${held} RETURNING d.event_id, d.leased_until)
      SELECT ${refuseOthers('extended')}, (SELECT min(leased_until) FROM extended)`),
    nack: defineStatement(`
      WITH exhausted AS (
        DELETE FROM ${s}.outbox_deliveries d WHERE ${held} AND d.attempts >= $5 RETURNING d.*),
      buried AS (${bury('exhausted', '$3')}),
      returned AS (
        UPDATE ${s}.outbox_deliveries d SET
          token = NULL, leased_until = NULL, retry_at = clock_timestamp() + ${milliseconds('$4')}
        WHERE ${held} AND d.attempts < $5 RETURNING d.event_id),
      affected AS (SELECT event_id FROM exhausted UNION ALL SELECT event_id FROM returned)
      SELECT ${refuseOthers('affected')}, (SELECT array_to_json(array_agg(event_id)) FROM exhausted)`),
    deadLetter: defineStatement(`
      WITH given_up AS (DELETE FROM ${s}.outbox_deliveries d WHERE ${held} RETURNING d.*),
      buried AS (${bury('given_up', '$3')})
      SELECT ${refuseOthers('given_up')}`),
    listDeadLetters: defineStatement(`
      SELECT d.position, d.attempts, d.reason, d.dead_at, ${event} FROM ${s}.outbox_dead_letters d ${joinEvent}
      WHERE d.position > $1::bigint ORDER BY d.position LIMIT $2`),
    replay: defineStatement(`
      WITH revived AS (DELETE FROM ${s}.outbox_dead_letters d WHERE d.event_id = $1 RETURNING d.*),
      pending AS (
        INSERT INTO ${s}.outbox_deliveries (seq, tenant_id, event_id, aggregate_type, aggregate_id)
        SELECT d.seq, d.tenant_id, d.event_id, e.aggregate_type, e.aggregate_id FROM revived d ${joinEvent})
      SELECT CASE WHEN count(*) = 0 THEN ${s}.refuse_reference('outbox-event', $1) END FROM revived`),
    stats: defineStatement(`
      SELECT count(*) FILTER (WHERE leased_until IS NULL OR leased_until <= clock_timestamp()),
        count(*) FILTER (WHERE leased_until > clock_timestamp()),
        (SELECT count(*) FROM ${s}.outbox_dead_letters),
        (SELECT ceil(extract(epoch FROM clock_timestamp() - o.enqueued_at) * 1000)::bigint
          FROM ${s}.outbox_deliveries o ORDER BY o.seq LIMIT 1)
      FROM ${s}.outbox_deliveries`),
    blocked: defineStatement(`
      SELECT h.aggregate_type, h.aggregate_id,
        CASE WHEN h.leased_until > clock_timestamp() THEN 'leased' ELSE 'waiting-for-retry' END,
        (SELECT count(*) FROM ${s}.outbox_deliveries l
          WHERE l.aggregate_type = h.aggregate_type AND l.aggregate_id = h.aggregate_id AND l.seq > h.seq)
      FROM ${s}.outbox_deliveries h
      WHERE (h.leased_until > clock_timestamp() OR h.retry_at > clock_timestamp())
        AND (SELECT true FROM ${s}.outbox_deliveries f
          WHERE f.aggregate_type = h.aggregate_type AND f.aggregate_id = h.aggregate_id AND f.seq < h.seq LIMIT 1) IS NULL
        AND (SELECT true FROM ${s}.outbox_deliveries l
          WHERE l.aggregate_type = h.aggregate_type AND l.aggregate_id = h.aggregate_id AND l.seq > h.seq
            AND (l.leased_until IS NULL OR l.leased_until <= clock_timestamp()) LIMIT 1)
      ORDER BY h.seq LIMIT 20`),
  }
}

interface OutboxPortOptions {
  readonly statements: OutboxPortStatements
  readonly limits: StoreCapabilities['outbox']
  /** Runs work in one committed transaction of the relay. */
  readonly transact: <Result>(work: (session: Session) => Promise<Result>) => Promise<Result>
  /** The same for work that gives or takes a lease: on data that is in the epoch of the provider [CAP-06]. */
  readonly transactInEpoch: <Result>(work: (session: Session) => Promise<Result>) => Promise<Result>
}

export function createOutboxPort(options: OutboxPortOptions): OutboxPort {
  return new PostgresOutboxPort(options)
}

interface PositionedDeadLetter {
  readonly position: number
  readonly letter: DeadLetter
}

class PostgresOutboxPort implements OutboxPort {
  readonly #sql: OutboxPortStatements
  readonly #options: OutboxPortOptions
  readonly #claimSchema
  readonly #extendSchema

  constructor(options: OutboxPortOptions) {
    const { maxBatch, maxLeaseMs } = options.limits
    this.#sql = options.statements
    this.#options = options
    this.#claimSchema = claimRequestSchema.extend({
      limit: claimRequestSchema.shape.limit.max(maxBatch),
      leaseMs: claimRequestSchema.shape.leaseMs.max(maxLeaseMs),
    })
    this.#extendSchema = extendRequestSchema.extend({
      leaseMs: extendRequestSchema.shape.leaseMs.max(maxLeaseMs),
    })
  }

  async claim(request: ClaimRequest): Promise<OutboxLease> {
    const { consumer, limit, leaseMs } = validate(this.#claimSchema, request)
    const maxAttempts = String(this.#options.limits.maxAttempts)
    const [turn, rows] = await this.#inThisEpoch([
      { statement: this.#sql.takeTurn, values: [String(leaseMs)] },
      { statement: this.#sql.claim, values: [String(limit), consumer, String(leaseMs), maxAttempts] },
    ])
    const reader = new RowReader(turn?.[0] ?? [], 1)
    return {
      token: reader.number(),
      consumer,
      expiresAt: reader.instant(),
      deliveries: (rows ?? []).map((row) => {
        const delivery = new RowReader(row)
        const attempt = delivery.number()
        return { event: readOutboxEvent(delivery), attempt }
      }),
    }
  }

  async ack(request: AckRequest): Promise<void> {
    const { token, eventIds } = validate(ackRequestSchema, request)
    await this.#inThisEpoch([{ statement: this.#sql.ack, values: [ids(eventIds), String(token)] }])
  }

  async extend(request: ExtendRequest): Promise<{ readonly expiresAt: Instant }> {
    const { token, eventIds, leaseMs } = validate(this.#extendSchema, request)
    const values = [ids(eventIds), String(token), String(leaseMs)]
    const [rows] = await this.#inThisEpoch([{ statement: this.#sql.extend, values }])
    return { expiresAt: parseTimestamp(rows?.[0]?.[1] ?? '') }
  }

  async nack(request: NackRequest): Promise<{ readonly deadLettered: readonly Id[] }> {
    const { token, eventIds, reason, retryAfterMs } = validate(nackRequestSchema, request)
    const maxAttempts = String(this.#options.limits.maxAttempts)
    const values = [ids(eventIds), String(token), reason, String(retryAfterMs), maxAttempts]
    const [rows] = await this.#inThisEpoch([{ statement: this.#sql.nack, values }])
    return { deadLettered: JSON.parse(rows?.[0]?.[1] ?? '[]') as Id[] }
  }

  async deadLetter(request: DeadLetterRequest): Promise<void> {
    const { token, eventIds, reason } = validate(deadLetterRequestSchema, request)
    await this.#inThisEpoch([
      { statement: this.#sql.deadLetter, values: [ids(eventIds), String(token), reason] },
    ])
  }

  async listDeadLetters(page?: PageRequest): Promise<Page<DeadLetter>> {
    const planned = planPage<PositionedDeadLetter>({
      list: 'dead-letters',
      page,
      start: [0],
      call: (after, limit) => ({ statement: this.#sql.listDeadLetters, values: [...after, limit] }),
      read: (row) => {
        const position = row.number()
        const letter = { attempts: row.number(), reason: row.text(), deadAt: row.instant() }
        return { position, letter: { ...letter, event: readOutboxEvent(row) } }
      },
      keyOf: ({ position }) => [position],
    })
    const [rows] = await this.#inOneBatch([planned.call])
    const { items, nextCursor } = planned.parse(rows ?? [])
    return { items: items.map(({ letter }) => letter), nextCursor }
  }

  async replay(request: { readonly eventId: Id }): Promise<void> {
    const { eventId } = validate(z.strictObject({ eventId: idSchema }), request)
    await this.#inOneBatch([{ statement: this.#sql.replay, values: [eventId] }])
  }

  async stats(): Promise<OutboxStats> {
    const [totals, blocked] = await this.#inOneBatch([
      { statement: this.#sql.stats, values: [] },
      { statement: this.#sql.blocked, values: [] },
    ])
    const reader = new RowReader(totals?.[0] ?? [])
    return {
      pending: reader.number(),
      leased: reader.number(),
      dead: reader.number(),
      oldestAgeMs: reader.numberOrNull(),
      blocked: (blocked ?? []).map((row) => {
        const head = new RowReader(row)
        return {
          aggregateType: head.text(),
          aggregateId: head.text(),
          because: head.word<'leased' | 'waiting-for-retry'>(),
          waiting: head.number(),
        }
      }),
    }
  }

  async #inThisEpoch(calls: readonly StatementCall[]): Promise<readonly (readonly Row[])[]> {
    return await this.#options.transactInEpoch((session) => sendTogether(session, calls))
  }

  async #inOneBatch(calls: readonly StatementCall[]): Promise<readonly (readonly Row[])[]> {
    return await this.#options.transact((session) => sendTogether(session, calls))
  }
}

async function sendTogether(
  session: Session,
  calls: readonly StatementCall[],
): Promise<readonly (readonly Row[])[]> {
  const results = calls.map((call) => session.read(call, (rows) => rows))
  await session.commit()
  return await Promise.all(results)
}

function ids(eventIds: readonly Id[]): string {
  return idArrayParameter([...new Set(eventIds)])
}
