import type { Unit } from './unit.ts'

/**
 * The condition under which a scope sees the user in this column: on the platform always, in a tenant when the user
 * has a tenant account there, of any status, or was created by this very transaction [TEN-02].
 */
export function seesUser(unit: Unit, column: string): string {
  if (unit.tenantId === null) return 'true'
  return `(EXISTS (SELECT 1 FROM tenant_accounts seen WHERE seen.user_id = ${column} AND seen.tenant_id = :tenant)
    OR ${column} IN (SELECT id FROM temp.created WHERE kind = 'user'))`
}

/** The same for an account: its own tenant account counts, not that of another account of the user [TEN-02]. */
export function seesAccount(unit: Unit, column: string): string {
  if (unit.tenantId === null) return 'true'
  return `(EXISTS (SELECT 1 FROM tenant_accounts seen WHERE seen.account_id = ${column} AND seen.tenant_id = :tenant)
    OR ${column} IN (SELECT id FROM temp.created WHERE kind = 'account'))`
}

/** Remembers what the transaction created, so that it sees it before a tenant account says so. */
export function markCreated(unit: Unit, kind: 'user' | 'account', id: string): void {
  unit.connection.run('INSERT INTO temp.created VALUES (:kind, :id)', { kind, id })
}
