import { type EntityKind, type TenantId, UserEngineError } from '@user-engine/store-protocol'
import type { Connection, SqlParameters } from './connection.ts'

/** Where a role works: a connection that is inside a transaction, and the scope. */
export interface Unit {
  readonly connection: Connection
  /** The tenant of the scope, or `null` for the platform. */
  readonly tenantId: TenantId | null
}

/** How rows name the platform: no tenant id is empty. */
export const PLATFORM = ''

/** The parameters of a statement, with the tenant of the scope as `:tenant`. */
export function inScope(unit: Unit, parameters: SqlParameters = {}): SqlParameters {
  return { tenant: unit.tenantId ?? PLATFORM, ...parameters }
}

/** @throws UserEngineError `SCOPE_NOT_ALLOWED` in a platform scope. */
export function assertTenantScope(unit: Unit, entity: EntityKind): void {
  if (unit.tenantId === null) throw new UserEngineError('SCOPE_NOT_ALLOWED', { entity, allowed: 'tenant' })
}

/** @throws UserEngineError `SCOPE_NOT_ALLOWED` in a tenant scope. */
export function assertPlatformScope(unit: Unit, entity: EntityKind): void {
  if (unit.tenantId !== null) throw new UserEngineError('SCOPE_NOT_ALLOWED', { entity, allowed: 'platform' })
}

/** @throws UserEngineError `TENANT_BOUNDARY` when a tenant scope names another tenant, or the platform [TEN-01]. */
export function assertOwnTenant(unit: Unit, tenantId: TenantId | null, entity: EntityKind): void {
  if (unit.tenantId !== null && tenantId !== unit.tenantId)
    throw new UserEngineError('TENANT_BOUNDARY', { entity })
}
