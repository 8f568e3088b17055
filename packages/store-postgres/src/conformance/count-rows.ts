import type { PostgresCapability } from '@user-engine/store-protocol'
import pg from 'pg'
import { clientConfig } from '../connection/client-config.ts'
import { LEDGER_TABLE } from '../migrations/ledger.ts'
import type { SchemaName } from '../sql/schema-name.ts'

/**
 * Tables that are not looked at: every scope reads applications, catalogs, how far the outbox has come and the history of
 * the schema; keys, deliveries and dead letters are there only after a call with a key, and after an event was given back or
 * given up on.
 */
const LEFT_OUT = [
  ...['applications', 'catalogs', 'outbox_leases', 'schema_compatibility', LEDGER_TABLE],
  ...['idempotency_keys', 'outbox_deliveries', 'outbox_dead_letters'],
]

/**
 * How many rows of each table the server shows to the runtime login inside one tenant's context, or in none, without
 * a single predicate [TEN-06]. The tables are asked of the server, so that a new one is not forgotten.
 */
export async function countRowsOfTenant(
  capability: PostgresCapability,
  schema: SchemaName,
  tenantId: string | null,
): Promise<Record<string, number>> {
  const client = new pg.Client(clientConfig(await capability.lease('runtime')))
  await client.connect()
  try {
    await client.query('BEGIN')
    if (tenantId !== null) await client.query(`SELECT set_config('user_engine.scope', $1, true)`, [tenantId])
    const { rows: tables } = await client.query<{ table: string }>(
      `SELECT relname AS table FROM pg_class
       WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
         AND relname <> ALL ($2) AND has_table_privilege(oid, 'SELECT') ORDER BY relname`,
      [schema, LEFT_OUT],
    )
    const counts: Record<string, number> = {}
    for (const { table } of tables) {
      const { rows } = await client.query<{ count: number }>(
        `SELECT count(*)::integer AS count FROM ${schema}.${table}`,
      )
      counts[table] = rows[0]?.count ?? 0
    }
    await client.query('ROLLBACK')
    return counts
  } finally {
    await client.end()
  }
}
