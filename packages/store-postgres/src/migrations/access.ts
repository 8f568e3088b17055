// What the roles of the capability may do. Not a migration: the role names are the provider's and differ from place
// to place. Applied after every migration run, and harmless to repeat [CAP-02].
import type { CapabilityDescription } from '@user-engine/store-protocol'
import type { SchemaName } from '../sql/schema-name.ts'
import { LEDGER_TABLE } from './ledger.ts'

interface Grant {
  readonly table: string
  readonly runtime?: string
  readonly relay?: string
}

// No DELETE on users and accounts, no UPDATE or DELETE on audit records and events: nobody serves that. What the relay may
// change of an event is which transaction appended it, after a restore.
export const GRANTS: readonly Grant[] = [
  { table: LEDGER_TABLE, runtime: 'SELECT', relay: 'SELECT' },
  { table: 'schema_compatibility', runtime: 'SELECT', relay: 'SELECT' },
  { table: 'users', runtime: 'SELECT, INSERT, UPDATE' },
  { table: 'accounts', runtime: 'SELECT, INSERT, UPDATE' },
  { table: 'external_identities', runtime: 'SELECT, INSERT, DELETE' },
  { table: 'applications', runtime: 'SELECT, INSERT, UPDATE' },
  { table: 'catalogs', runtime: 'SELECT, INSERT, UPDATE' },
  { table: 'global_profile_values', runtime: 'SELECT, INSERT, UPDATE, DELETE' },
  { table: 'tenant_accounts', runtime: 'SELECT, INSERT, UPDATE' },
  { table: 'memberships', runtime: 'SELECT, INSERT, UPDATE, DELETE' },
  { table: 'application_bindings', runtime: 'SELECT, INSERT, UPDATE' },
  { table: 'tenant_profile_values', runtime: 'SELECT, INSERT, UPDATE, DELETE' },
  { table: 'idempotency_keys', runtime: 'SELECT, INSERT, UPDATE', relay: 'SELECT, DELETE' },
  { table: 'audit_records', runtime: 'SELECT, INSERT' },
  { table: 'epochs', relay: 'SELECT, INSERT' },
  { table: 'outbox_events', runtime: 'SELECT, INSERT', relay: 'SELECT, UPDATE (xid)' },
  { table: 'outbox_leases', runtime: 'SELECT', relay: 'SELECT, INSERT, UPDATE, DELETE' },
  { table: 'outbox_deliveries', runtime: 'SELECT', relay: 'SELECT, INSERT, UPDATE, DELETE' },
  { table: 'outbox_dead_letters', runtime: 'SELECT', relay: 'SELECT, INSERT, DELETE' },
]

/** The statements that give the runtime and relay roles what they need, and nothing else. */
export function accessSql(schema: SchemaName, roles: CapabilityDescription['roles']): string {
  const runtime = quoteIdentifier(roles.runtime)
  const relay = quoteIdentifier(roles.relay)
  const lines = [
    `REVOKE ALL ON SCHEMA ${schema} FROM PUBLIC`,
    `REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM PUBLIC, ${runtime}, ${relay}`,
    `REVOKE ALL ON ALL SEQUENCES IN SCHEMA ${schema} FROM PUBLIC, ${runtime}, ${relay}`,
    `GRANT USAGE ON SCHEMA ${schema} TO ${runtime}, ${relay}`,
    `GRANT USAGE ON SEQUENCE ${schema}.outbox_positions TO ${runtime}`,
    `GRANT USAGE, SELECT, UPDATE ON SEQUENCE ${schema}.outbox_tokens TO ${relay}`,
  ]
  for (const { table, runtime: forRuntime, relay: forRelay } of GRANTS) {
    if (forRuntime !== undefined) lines.push(`GRANT ${forRuntime} ON ${schema}.${table} TO ${runtime}`)
    if (forRelay !== undefined) lines.push(`GRANT ${forRelay} ON ${schema}.${table} TO ${relay}`)
  }
  return `${lines.join(';\n')};`
}

/** Quotes a role name, which is the provider's and may be anything. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
