import {
  type Account,
  type EntityKind,
  type Id,
  type TenantId,
  type User,
  UserEngineError,
} from '@user-engine/store-protocol'
import type { TenantPartition } from './partition.ts'
import type { Session } from './session.ts'
import { TENANT_ACCOUNTS } from './tables.ts'

/**
 * Whether the scope sees what belongs to a user: a platform scope all, a tenant scope the users that have a tenant
 * account in it or were added by the same transaction [TEN-02].
 */
export function seesUser({ tenant, platform, sight }: Session, userId: Id): boolean {
  return (
    tenant === null ||
    sight.records.has(tenant.tenantAccounts, TENANT_ACCOUNTS.byUser, userId) ||
    sight.hasAdded(platform.users, userId)
  )
}

/** The user with this id, or `null` when there is none or the scope does not see it. */
export function visibleUser(session: Session, id: Id): User | null {
  const { tenant, platform, sight } = session
  if (tenant === null) return sight.records.get(platform.users, id)
  const present = { table: tenant.tenantAccounts, index: TENANT_ACCOUNTS.byUser, id }
  const user = sight.records.getReferred(platform.users, present)
  return user ?? (sight.hasAdded(platform.users, id) ? sight.records.get(platform.users, id) : null)
}

/** The account with this id, or `null` when there is none or the scope does not see it [TEN-02]. */
export function visibleAccount({ tenant, platform, sight }: Session, id: Id): Account | null {
  const account = sight.records.get(platform.accounts, id)
  if (account === null || tenant === null) return account
  const isPresent =
    sight.records.find(tenant.tenantAccounts, TENANT_ACCOUNTS.byAccount, { group: '', key: id }) !== null
  return isPresent || sight.hasAdded(platform.accounts, id) ? account : null
}

/** @throws UserEngineError `SCOPE_NOT_ALLOWED` in a platform scope. */
export function requireTenant({ tenant }: Session, entity: EntityKind): TenantPartition {
  if (tenant === null) throw new UserEngineError('SCOPE_NOT_ALLOWED', { entity, allowed: 'tenant' })
  return tenant
}

/** @throws UserEngineError `SCOPE_NOT_ALLOWED` in a tenant scope. */
export function requirePlatform({ tenant }: Session, entity: EntityKind): void {
  if (tenant !== null) throw new UserEngineError('SCOPE_NOT_ALLOWED', { entity, allowed: 'platform' })
}

/**
 * The partition of the tenant that a record names, which has to be the scope's.
 * @throws UserEngineError `SCOPE_NOT_ALLOWED` in a platform scope; `TENANT_BOUNDARY` for another tenant [TEN-01].
 */
export function requireOwnTenant(
  session: Session,
  record: { readonly entity: EntityKind; readonly tenantId: TenantId },
): TenantPartition {
  const tenant = requireTenant(session, record.entity)
  if (tenant.tenantId !== record.tenantId) {
    throw new UserEngineError('TENANT_BOUNDARY', { entity: record.entity })
  }
  return tenant
}
