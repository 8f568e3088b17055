import { ENTITY_KINDS, type RecordCounts } from '@user-engine/store-protocol'
import { PLATFORM_KEY } from './audit.ts'
import { defineStatement } from './connection/statement.ts'
import type { Handle } from './handle.ts'
import { RowReader } from './sql/columns.ts'
import { idArrayParameter } from './sql/parameters.ts'
import type { SchemaName } from './sql/schema-name.ts'
import { ofTenant } from './sql/visibility.ts'

export type RecordCountStatements = ReturnType<typeof recordCountStatements>

/**
 * One count per kind, in the order of ENTITY_KINDS. $1 is the tenant, or the platform's key; $2 and $3 are the users and
 * the accounts that the transaction itself inserted, which its tenant sees before they have a tenant account [TXN-06].
 */
export function recordCountStatements(s: SchemaName) {
  const inTenant = (table: string) =>
    `(SELECT count(*) FROM ${s}.${table} x WHERE ${ofTenant('x.tenant_id', '$1')})`
  const members = `(SELECT ta.user_id FROM ${s}.tenant_accounts ta WHERE ${ofTenant('ta.tenant_id', '$1')}
    UNION SELECT unnest($2::uuid[]))`
  const accounts = `(SELECT count(*) FROM (SELECT ta.account_id FROM ${s}.tenant_accounts ta
    WHERE ${ofTenant('ta.tenant_id', '$1')} UNION SELECT unnest($3::uuid[])) a)`
  const ofMembers = (table: string) =>
    `(SELECT count(*) FROM ${s}.${table} x JOIN ${members} m ON m.user_id = x.user_id)`
  const all = (table: string) => `(SELECT count(*) FROM ${s}.${table})`
  return {
    tenant: defineStatement(`
      SELECT (SELECT count(*) FROM ${members} m), ${accounts},
        ${inTenant('tenant_accounts')}, ${ofMembers('external_identities')}, ${all('applications')},
        ${inTenant('application_bindings')}, ${all('catalogs')},
        ${inTenant('tenant_profile_values')} + ${ofMembers('global_profile_values')}, ${inTenant('memberships')},
        ${inTenant('audit_records')}, ${inTenant('outbox_events')}`),
    platform: defineStatement(`
      SELECT ${all('users')}, ${all('accounts')}, 0, ${all('external_identities')}, ${all('applications')},
        0, ${all('catalogs')}, ${all('global_profile_values')}, 0, ${inTenant('audit_records')}, ${inTenant('outbox_events')}`),
  }
}

/** How many records of each kind the scope sees [QRY-03]. */
export function countRecords(handle: Handle, statements: RecordCountStatements): Promise<RecordCounts> {
  return handle.readAppends(() => ({
    call:
      handle.tenantId === null
        ? { statement: statements.platform, values: [PLATFORM_KEY] }
        : {
            statement: statements.tenant,
            values: [
              handle.tenantId,
              idArrayParameter(handle.inserted.users),
              idArrayParameter(handle.inserted.accounts),
            ],
          },
    parse: ([row]) => {
      const reader = new RowReader(row ?? [])
      return Object.fromEntries(ENTITY_KINDS.map((kind) => [kind, reader.number()])) as RecordCounts
    },
  }))
}
