// Partitions of the log of events are spans of time, because ids begin with one.

/** A span of time, in milliseconds since 1970. The end is not part of it. */
export interface Span {
  readonly from: number
  readonly to: number
}

export const DEFAULT_PARTITION = 'outbox_events_default'

/** The smallest UUIDv7 of a moment, and so the bound of a partition. */
function boundAt(time: number): string {
  const digits = time.toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}-0000-0000-000000000000`
}

/** The span that Postgres prints as a bound of a partition; `null` for the default partition. */
export function spanOf(bound: string): Span | null {
  const match = /FROM \('([0-9a-f-]+)'\) TO \('([0-9a-f-]+)'\)/.exec(bound)
  const timeOf = (id = '') => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)
  return match === null ? null : { from: timeOf(match[1]), to: timeOf(match[2]) }
}

/** Named after its start, to the hour. */
export function partitionName({ from }: Span): string {
  return `outbox_events_${new Date(from).toISOString().replaceAll(/\D/g, '').slice(0, 10)}`
}

/**
 * Makes a partition, closed like the one that the migrations made: nobody but the owner reaches it by itself, and the owner
 * sees its rows in the scope of the relay alone.
 */
export function createPartitionSql(name: string, span: Span | null): string {
  const values =
    span === null ? 'DEFAULT' : `FOR VALUES FROM ('${boundAt(span.from)}') TO ('${boundAt(span.to)}')`
  return `
    CREATE TABLE ${name} PARTITION OF outbox_events ${values};
    ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY outbox_partition_read ON ${name} FOR SELECT USING (scope_is_relay());`
}

/** The partitions there are, with their bounds; `$1` is the schema. */
export const LIST_PARTITIONS = `
  SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class t ON t.oid = i.inhparent
    JOIN pg_namespace n ON n.oid = t.relnamespace
  WHERE n.nspname = $1 AND t.relname = 'outbox_events' ORDER BY c.relname`

/** Why a partition has to stay; `null` when all of its events are settled and older than `$1` milliseconds. */
export function reasonToKeepSql(name: string): string {
  const isReferred = (table: string) => `EXISTS (SELECT 1 FROM ${table} d WHERE (
    SELECT true FROM ${name} e WHERE e.tenant_id = d.tenant_id AND e.id = d.event_id LIMIT 1))`
  const hasLate = (xids: string, above: string) => `EXISTS (
    SELECT 1 FROM progress p JOIN ${name} e ON e.xid = ANY (p.${xids}) AND e.seq > p.${above} AND e.seq <= p.position)`
  return `
    WITH progress AS MATERIALIZED (SELECT * FROM newest_outbox_claim()),
    newest AS MATERIALIZED (SELECT seq, appended_at FROM ${name} ORDER BY seq DESC LIMIT 1)
    SELECT CASE
      WHEN (SELECT appended_at FROM newest) >= clock_timestamp() - $1::bigint * interval '1 millisecond' THEN 'young'
      WHEN (SELECT seq FROM newest) > (SELECT position FROM progress)
        OR ${hasLate('late', 'late_floor')} OR ${hasLate('ended', 'ended_taken')}
        OR EXISTS (SELECT 1 FROM open_outbox_leases() l CROSS JOIN unnest(l.seqs) AS held (seq)
          WHERE (SELECT true FROM ${name} e WHERE e.seq = held.seq LIMIT 1))
        OR ${isReferred('outbox_deliveries')} THEN 'pending'
      WHEN ${isReferred('outbox_dead_letters')} THEN 'dead' END AS reason,
      (SELECT true FROM newest) IS NULL AS is_empty`
}
