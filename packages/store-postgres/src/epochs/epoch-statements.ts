import { defineStatement } from '../connection/statement.ts'
import type { SchemaName } from '../sql/schema-name.ts'

export type EpochStatements = ReturnType<typeof epochStatements>

export function epochStatements(s: SchemaName) {
  const newest = (column: string) => `(SELECT ${column} FROM ${s}.epochs ORDER BY position DESC LIMIT 1)`
  return {
    /** Who hands over events, and who changes the epoch, take turns. */
    takeTurn: defineStatement(`SELECT ${s}.take_outbox_turn()`),
    // The timeline that was lost drew tokens that this one knows nothing of, and none of them may be given out again [OBX-03].
    // So the sequence jumps to the microseconds since 1970: it draws fewer than a million a second, and never catches up.
    adopt: defineStatement(`
      WITH before AS MATERIALIZED (SELECT ${newest('epoch')} AS epoch),
      adopted AS (
        INSERT INTO ${s}.epochs (epoch, server_mark)
        SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM ${s}.epochs WHERE epoch = $1) RETURNING epoch)
      SELECT CASE
        WHEN (SELECT epoch FROM adopted) IS NOT NULL THEN 'adopted'
        WHEN (SELECT epoch FROM before) = $1 THEN 'current'
        ELSE 'superseded' END,
        CASE WHEN (SELECT epoch FROM adopted) IS NOT NULL THEN setval('${s}.outbox_tokens', greatest(
          (SELECT last_value FROM ${s}.outbox_tokens),
          floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint)) END,
        CASE WHEN (SELECT epoch FROM adopted) IS NOT NULL THEN ${s}.void_outbox_leases()::text END`),
    compare: defineStatement(`
      SELECT ${newest('epoch')}, ${newest('server_mark')}, EXISTS (SELECT 1 FROM ${s}.epochs WHERE epoch = $1)`),
    // The cluster, its timeline and the database: a restore and a promotion change one of them, whatever the provider says.
    serverMark: defineStatement(`
      SELECT concat_ws('-', c.system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8), d.oid)
      FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()`),
  }
}
