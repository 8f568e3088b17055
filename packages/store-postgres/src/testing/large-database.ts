// A database of so many tenants and users that a scan would hurt.
import type { LocalDatabase } from '@user-engine/provider-local'

/** How much a database holds. */
export interface DatabaseSize {
  readonly tenants: number
  readonly users: number
  /** How many of each a user has. */
  readonly ofUser: { readonly memberships: number; readonly globals: number; readonly values: number }
  readonly bindingsOfTenant: number
  readonly auditRecords: number
  readonly events: number
}

/** For every build. */
export const SHORT_SIZE: DatabaseSize = {
  tenants: 40,
  users: 16_000,
  ofUser: { memberships: 5, globals: 3, values: 10 },
  bindingsOfTenant: 500,
  auditRecords: 200_000,
  events: 100_000,
}

/** Takes minutes to fill. */
export const FULL_SIZE: DatabaseSize = {
  tenants: 1_000,
  users: 1_000_000,
  ofUser: { memberships: 2, globals: 1, values: 2 },
  bindingsOfTenant: 500,
  auditRecords: 2_000_000,
  events: 1_000_000,
}

// Ids are `<kind>-<number>` as UUIDs, so that queries can name them.
export const recordId = (kind: number, number: number) =>
  `${kind.toString(16).padStart(8, '0')}-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
const sqlId = (kind: number, number: string) =>
  `('${kind.toString(16).padStart(8, '0')}-0000-7000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`

/** Events of the coming two weeks, in every partition, and some with ids of no time. */
const eventId = (number: string, everyMs: number) =>
  `CASE WHEN ${number} % 49 = 0 THEN ${sqlId(7, number)} ELSE
    (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint + ${number} * ${everyMs}::bigint), 12, '0')
      || '7000' || '8000' || lpad(to_hex(${number}), 12, '0'))::uuid END`

/** Fills a migrated database; what a planner must know is known at the end. */
export async function fillLargeDatabase(target: LocalDatabase, size: DatabaseSize): Promise<void> {
  const { tenants, users, ofUser, bindingsOfTenant, auditRecords, events } = size
  const eventEveryMs = Math.floor((14 * 86_400_000) / events)
  // How far the events have been taken.
  const position = events * 0.9
  const tenant = (number: string) => `'tenant-' || (${number} % ${tenants})`
  const stamps = `1, now(), now()`
  const each = (count: number) => `FROM generate_series(0, ${count - 1}) n`
  for (const sql of [
    `INSERT INTO users SELECT ${sqlId(1, 'n')}, 'person', 'name ' || n, 'active', ${stamps} ${each(users)}`,
    `INSERT INTO accounts SELECT ${sqlId(2, 'n')}, ${sqlId(1, 'n')}, 'human', 'a' || n, 'active', ${stamps} ${each(users)}`,
    `INSERT INTO external_identities SELECT ${sqlId(3, 'n')}, ${sqlId(1, 'n')}, 'https://idp', 's' || n, ${stamps} ${each(users)}`,
    `INSERT INTO tenant_accounts SELECT ${tenant('n')}, ${sqlId(4, 'n')}, ${sqlId(2, 'n')}, ${sqlId(1, 'n')}, 'active', ${stamps} ${each(users)}`,
    `INSERT INTO memberships SELECT ${tenant('n')}, gen_random_uuid(), ${sqlId(4, 'n')}, 'group-' || g, 'member', NULL, NULL, ${stamps} ${each(users)}, generate_series(0, ${ofUser.memberships - 1}) g`,
    `INSERT INTO applications SELECT ${sqlId(5, 'n')}, 'app-' || n, 'App', 'active', ${stamps} ${each(2_000)}`,
    `INSERT INTO catalogs SELECT ${sqlId(6, 'n')}, ${sqlId(5, 'n / 4')}, 'people', n % 4 + 1, 'published', '[]', '[]', ${stamps} ${each(8_000)}`,
    `INSERT INTO application_bindings SELECT ${tenant('n')}, gen_random_uuid(), ${sqlId(5, `n / ${tenants}`)}, ${sqlId(6, `n / ${tenants} * 4`)}, 'enabled', ${stamps} ${each(tenants * bindingsOfTenant)}`,
    `INSERT INTO global_profile_values SELECT gen_random_uuid(), ${sqlId(1, 'n')}, 'key-' || k, '1', '{}', ${stamps} ${each(users)}, generate_series(0, ${ofUser.globals - 1}) k`,
    `INSERT INTO tenant_profile_values SELECT ${tenant('n')}, gen_random_uuid(), ${sqlId(1, 'n')}, CASE WHEN k > ${ofUser.values / 2} THEN ${sqlId(5, 'k')} END, 'key-' || k, '1', '{}', ${stamps} ${each(users)}, generate_series(0, ${ofUser.values - 1}) k`,
    `INSERT INTO audit_records (tenant_id, id, occurred_at, actor_type, actor_id, action, target_type, target_id, outcome, changed_fields)
      SELECT ${tenant('n')}, gen_random_uuid(), now() - n * interval '1 second', 'user', 'u' || n / ${tenants} % 100, 'action-' || n / ${tenants} % 50, 'user', 't' || n / ${tenants} % 200,
        CASE WHEN n / ${tenants} % 4 = 0 THEN 'denied' ELSE 'allowed' END, '[]' ${each(auditRecords)}`,
    `INSERT INTO outbox_events (xid, tenant_id, id, seq, aggregate_type, aggregate_id, event)
      SELECT (1000 + n)::text::xid8, ${tenant('n')}, ${eventId('n', eventEveryMs)}, n + 1, 'user', 'u' || n % 5000, '[]' ${each(events)}`,
    `INSERT INTO outbox_deliveries (tenant_id, seq, event_id, aggregate, attempts, due_at)
      SELECT tenant_id, seq, id, seq % 5000, 1, now() + seq * interval '1 second' FROM outbox_events
      WHERE seq <= ${position} AND seq / ${tenants} % 10 = 0`,
    `INSERT INTO outbox_dead_letters (tenant_id, seq, event_id, attempts, reason)
      SELECT tenant_id, seq, id, 5, 'r' FROM outbox_events WHERE seq <= ${position} AND seq / ${tenants} % 10 = 1`,
    // Twenty leases of fifty events each, the newest claim at the position, and transactions that were running then.
    `INSERT INTO outbox_leases SELECT t, 'relay', now() + interval '1 hour',
        ARRAY(SELECT ${position - 10_000} + t * 400 + e FROM generate_series(0, 49) e), ARRAY(SELECT generate_series(1, 50)),
        repeat('0', 50)::bit varying, 50, false, false, ${position}, '{1,2,3,4,5,6,7,8}', ${position - 1_000}, '{}', 0,
        ARRAY(SELECT generate_series(1, t - 1)), 1, '-infinity'
      FROM generate_series(1, 20) t`,
  ]) {
    await target.query(`SET search_path TO user_engine; ${sql}`)
  }
  await target.query('VACUUM ANALYZE')
}
