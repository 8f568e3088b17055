// What the relay's side of the outbox asks of the database. What has several steps is a function of the schema
// (prisma/migrations/*_outbox_functions); each of these is one round trip.
import { defineStatement } from './connection/statement.ts'
import { outboxProgress } from './sql/outbox-progress.ts'
import type { SchemaName } from './sql/schema-name.ts'

export type OutboxPortStatements = ReturnType<typeof outboxPortStatements>

export function outboxPortStatements(s: SchemaName) {
  const milliseconds = (parameter: string) => `${parameter}::bigint * interval '1 millisecond'`
  // Events in places of a lease: all of them still in it, or the lease is left as it is.
  const holdsAll = (mask: string) => `CASE WHEN length(l.settled) = length(${mask}::bit varying)
    THEN bit_count(l.settled & ${mask}::bit varying) = 0 END`
  const lateEvents = `
    late AS MATERIALIZED (
      SELECT l.seq, l.aggregate FROM progress p
        CROSS JOIN LATERAL ${s}.late_outbox_events(p.late, p.late_floor, p.position, 2147483647) l
      UNION ALL
      SELECT l.seq, l.aggregate FROM progress p
        CROSS JOIN LATERAL ${s}.late_outbox_events(p.ended, p.ended_taken, p.position, 2147483647) l)`
  const oldestAge = `
    (SELECT ceil(extract(epoch FROM clock_timestamp() - e.appended_at) * 1000)::bigint
      FROM ${s}.outbox_events e WHERE e.seq = (SELECT min(seq) FROM (
        SELECT min(seq) AS seq FROM leased
        UNION ALL SELECT min(seq) FROM late
        UNION ALL (SELECT d.seq FROM progress p CROSS JOIN LATERAL (
          SELECT d.seq FROM ${s}.outbox_deliveries d WHERE d.seq >= p.lowest_delivery ORDER BY d.seq LIMIT 1) d)
        UNION ALL (SELECT e.seq FROM progress p CROSS JOIN LATERAL (
          SELECT e.seq FROM ${s}.outbox_events e WHERE e.seq > p.position ORDER BY e.seq LIMIT 1) e)) first))`
  return {
    claim: defineStatement(`
      SELECT event FROM ${s}.claim_outbox_events($1, $2::integer, $3::bigint, $4::integer) AS event`),
    // What the claim before it, in the same transaction, took from the log. Read beside the function, because what a
    // function returns is copied twice.
    claimed: defineStatement(`
      SELECT e.event FROM ${s}.outbox_leases l CROSS JOIN LATERAL (
        SELECT e.event FROM ${s}.outbox_events e
        WHERE e.seq >= l.seqs[1] AND e.seq <= l.seqs[l.open]
          AND CASE WHEN l.picked THEN e.seq = ANY (l.seqs) ELSE e.xid <> ALL (l.late) END
        ORDER BY e.seq) e
      WHERE l.token = (SELECT currval('${s}.outbox_tokens'))`),
    // Events that went straight, of a lease that nobody waits behind: one row, found by its key.
    ackStraight: defineStatement(`
      UPDATE ${s}.outbox_leases l SET
        open = l.open - $3::integer,
        settled = CASE WHEN l.open = $3::integer THEN '' ELSE l.settled | $2::bit varying END,
        seqs = CASE WHEN l.open = $3::integer THEN '{}' ELSE l.seqs END,
        aggregates = CASE WHEN l.open = $3::integer THEN '{}' ELSE l.aggregates END
      WHERE l.token = $1::bigint AND NOT l.followed AND ${holdsAll('$2')} RETURNING true`),
    // All that is left in a lease: its end is the end of all.
    extendStraight: defineStatement(`
      UPDATE ${s}.outbox_leases l SET leased_until = clock_timestamp() + ${milliseconds('$3')}
      WHERE l.token = $1::bigint AND ${holdsAll('$2')} AND l.open = $4::integer RETURNING l.leased_until`),
    hold: defineStatement(`SELECT ${s}.hold_outbox_events($1::bigint, $2::uuid[])`),
    remove: defineStatement(`SELECT ${s}.remove_outbox_deliveries($1::bigint, $2::uuid[])`),
    bury: defineStatement(`
      SELECT array_to_json(${s}.bury_outbox_deliveries($1::bigint, $2::uuid[], $3, $4::integer))`),
    giveBack: defineStatement(`
      SELECT ${s}.return_outbox_deliveries($1::bigint, $2::uuid[], ${milliseconds('$3')})`),
    // Those that went straight are at their first attempt, and go back to none.
    release: defineStatement(`
      WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS instant),
      released AS (
        UPDATE ${s}.outbox_deliveries d SET token = NULL, attempts = d.attempts - 1, due_at = instant FROM moment
        WHERE d.event_id = ANY ($2::uuid[]) AND d.token = $1::bigint RETURNING d.seq, d.due_at),
      earliest AS (SELECT min(seq) AS seq, min(due_at) AS due_at FROM released)
      SELECT ${s}.note_outbox_delivery(seq, due_at) FROM earliest`),
    extend: defineStatement(`
      WITH extended AS (
        UPDATE ${s}.outbox_deliveries d SET due_at = clock_timestamp() + ${milliseconds('$3')}
        WHERE d.event_id = ANY ($2::uuid[]) AND d.token = $1::bigint RETURNING d.seq, d.due_at),
      earliest AS (SELECT min(seq) AS seq, min(due_at) AS due_at FROM extended)
      SELECT due_at, ${s}.note_outbox_delivery(seq, due_at) FROM earliest`),
    listDeadLetters: defineStatement(`
      SELECT d.position, d.attempts, d.reason, d.dead_at, e.event FROM ${s}.outbox_dead_letters d
        JOIN ${s}.outbox_events e ON e.tenant_id = d.tenant_id AND e.id = d.event_id
      WHERE d.position > $1::bigint ORDER BY d.position LIMIT $2`),
    replay: defineStatement(`SELECT ${s}.replay_outbox_event($1)`),
    // `known`: everything unsettled that is not simply new, and why it is held. `new`, in one pass over what is new: how much
    // there is, and how much of it is behind a head.
    stats: defineStatement(`
      WITH ${outboxProgress(s)}, ${lateEvents},
      moment AS MATERIALIZED (SELECT clock_timestamp() AS instant),
      known AS MATERIALIZED (
        SELECT seq, aggregate, CASE WHEN leased_until > instant THEN 'leased' END AS because FROM leased, moment
        UNION ALL SELECT seq, aggregate, NULL FROM late
        UNION ALL SELECT d.seq, d.aggregate, CASE
          WHEN d.due_at > instant AND d.token IS NOT NULL THEN 'leased'
          WHEN d.due_at > instant THEN 'waiting-for-retry' END
        FROM progress p, moment, ${s}.outbox_deliveries d WHERE d.seq >= p.lowest_delivery),
      heads AS MATERIALIZED (
        SELECT * FROM (SELECT DISTINCT ON (aggregate) aggregate, seq, because FROM known ORDER BY aggregate, seq) first
        WHERE because IS NOT NULL),
      new AS MATERIALIZED (
        SELECT aggregate, count(*) AS events FROM (
          SELECT CASE WHEN (k.aggregate IN (SELECT aggregate FROM heads)) IS TRUE THEN k.aggregate END AS aggregate FROM (
            SELECT ${s}.aggregate_key(e.aggregate_type, e.aggregate_id) AS aggregate
            FROM progress p JOIN ${s}.outbox_events e ON e.seq > p.position) k) n
        GROUP BY aggregate),
      blocked AS MATERIALIZED (
        SELECT h.seq, h.because, coalesce(n.events, 0)
          + (SELECT count(*) FROM known k
            WHERE k.aggregate = h.aggregate AND k.seq > h.seq AND k.because IS DISTINCT FROM 'leased') AS waiting
        FROM heads h LEFT JOIN new n ON n.aggregate = h.aggregate),
      named AS (
        SELECT b.seq, json_build_object('aggregateType', e.aggregate_type, 'aggregateId', e.aggregate_id,
          'because', b.because, 'waiting', b.waiting) AS entry
        FROM (SELECT * FROM blocked WHERE waiting > 0 ORDER BY seq LIMIT 20) b
          CROSS JOIN LATERAL (SELECT e.aggregate_type, e.aggregate_id FROM ${s}.outbox_events e WHERE e.seq = b.seq LIMIT 1) e)
      SELECT
        (SELECT coalesce(sum(events), 0) FROM new) + (SELECT count(*) FROM known WHERE because IS DISTINCT FROM 'leased'),
        (SELECT count(*) FROM known WHERE because = 'leased'),
        (SELECT count(*) FROM ${s}.outbox_dead_letters), ${oldestAge},
        (SELECT coalesce(json_agg(entry ORDER BY seq), '[]') FROM named)`),
    lag: defineStatement(`
      WITH ${outboxProgress(s)}, ${lateEvents}
      SELECT ${oldestAge}, (SELECT count(*) FROM ${s}.outbox_dead_letters)`),
  }
}
