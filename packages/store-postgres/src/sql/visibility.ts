// The tenant boundary as the store's own predicates: the second layer beside row-level security, and what lets the
// planner prune by tenant [TEN-06]. Every statement on a tenant's rows takes its predicate from here.
import type { SchemaName } from './schema-name.ts'

/** The predicate that keeps a statement within one tenant. */
export function ofTenant(column: string, parameter: string): string {
  return `${column} = ${parameter}`
}

/**
 * Users the tenant sees: those with a tenant account in it, and those this transaction inserted [TEN-02, TXN-06]. A
 * scalar subquery on purpose: EXISTS may be planned as a hash over the whole tenant.
 */
export function seesUser(schema: SchemaName, alias: string, tenant: string): string {
  return `(${isOwn(alias)}
    OR (SELECT true FROM ${schema}.tenant_accounts ta
      WHERE ${ofTenant('ta.tenant_id', tenant)} AND ta.user_id = ${alias}.id LIMIT 1))`
}

/** The same for a user id instead of a row of users; evaluated once per statement when it is a parameter. */
export function seesUserId(schema: SchemaName, userId: string, tenant: string): string {
  return `((SELECT true FROM ${schema}.tenant_accounts ta
    WHERE ${ofTenant('ta.tenant_id', tenant)} AND ta.user_id = ${userId} LIMIT 1)
    OR (SELECT ${isOwn('u')} FROM ${schema}.users u WHERE u.id = ${userId}))`
}

/** Accounts the tenant sees: those with a tenant account in it, and those this transaction inserted [TEN-02]. */
export function seesAccount(schema: SchemaName, alias: string, tenant: string): string {
  return `(${isOwn(alias)}
    OR (SELECT true FROM ${schema}.tenant_accounts ta
      WHERE ${ofTenant('ta.tenant_id', tenant)} AND ta.account_id = ${alias}.id LIMIT 1))`
}

/** Whether the transaction that asks inserted the row: a number and its start name one transaction, also across restores. */
function isOwn(alias: string): string {
  return `(${alias}.created_in = pg_current_xact_id_if_assigned() AND ${alias}.created_in_since = transaction_timestamp())`
}
