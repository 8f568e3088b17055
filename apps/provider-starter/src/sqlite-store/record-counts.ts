import type { RecordCounts } from '@user-engine/store-protocol'
import { ACCOUNTS } from './accounts.ts'
import { APPLICATION_BINDINGS } from './application-bindings.ts'
import { APPLICATIONS } from './applications.ts'
import { CATALOGS } from './catalogs.ts'
import { EXTERNAL_IDENTITIES } from './external-identities.ts'
import { MEMBERSHIPS } from './memberships.ts'
import { PROFILE_VALUES } from './profile-values.ts'
import { TENANT_ACCOUNTS } from './tenant-accounts.ts'
import { inScope, type Unit } from './unit.ts'
import { USERS } from './users.ts'

/** How many records of each kind the scope sees; a platform scope sees none that belong to tenants [QRY-03, TEN-01]. */
export function countRecords(unit: Unit): RecordCounts {
  const count = (table: string, condition: string) => {
    const sql = `SELECT count(*) AS found FROM ${table} WHERE ${condition}`
    return unit.connection.get<{ found: number }>(sql, inScope(unit))?.found ?? 0
  }
  const countKind = ({ table, visible }: { readonly table: string; visible(unit: Unit): string }) =>
    count(table, visible(unit))
  return {
    user: countKind(USERS),
    account: countKind(ACCOUNTS),
    'tenant-account': unit.tenantId === null ? 0 : countKind(TENANT_ACCOUNTS),
    'external-identity': countKind(EXTERNAL_IDENTITIES),
    application: countKind(APPLICATIONS),
    'application-binding': countKind(APPLICATION_BINDINGS),
    catalog: countKind(CATALOGS),
    'profile-value': countKind(PROFILE_VALUES),
    membership: countKind(MEMBERSHIPS),
    'audit-record': count('temp.audit_log', 'tenant_id = :tenant'),
    'outbox-event': count('main.outbox_events', 'tenant_id = :tenant'),
  }
}
