// How far the outbox has come, as parts of statements. What is pending is not written down per event: it is what the log
// holds above the position of the newest claim, what has appeared below it since, what leases hold, and the deliveries.
import type { SchemaName } from './schema-name.ts'

/** CTEs: `progress`, the newest claim, `leases`, those that hold events of the log, and `leased`, these events. */
export function outboxProgress(s: SchemaName): string {
  return `
    progress AS MATERIALIZED (SELECT * FROM ${s}.newest_outbox_claim()),
    leases AS MATERIALIZED (SELECT * FROM ${s}.open_outbox_leases()),
    leased AS (
      SELECT held.seq, held.aggregate, l.leased_until
      FROM leases l CROSS JOIN LATERAL unnest(l.seqs, l.aggregates) WITH ORDINALITY AS held (seq, aggregate, place)
      WHERE get_bit(l.settled, held.place::integer - 1) = 0)`
}

/** Whether an event below the position was appended by a transaction that ended after it had been passed. */
export function isLate(event: string, progress: string): string {
  return `(${event}.seq <= ${progress}.position AND (
    (${event}.xid = ANY (${progress}.late) AND ${event}.seq > ${progress}.late_floor)
    OR (${event}.xid = ANY (${progress}.ended) AND ${event}.seq > ${progress}.ended_taken)))`
}
