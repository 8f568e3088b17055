import type { Id, JsonValue, ProfileScope, TenantId } from '@user-engine/store-protocol'
import { type AuditLog, createAuditLog } from './audit-log.ts'
import { createHashTable, type HashTable } from './hash-table.ts'
import { createOutboxLog, type OutboxLog } from './outbox-log.ts'
import { createTable, type Table, type TableDefinition } from './table.ts'
import {
  ACCOUNTS,
  APPLICATION_BINDINGS,
  APPLICATIONS,
  CATALOGS,
  EXTERNAL_IDENTITIES,
  GLOBAL_PROFILE_VALUES,
  MEMBERSHIPS,
  PRESENCES,
  TENANT_ACCOUNTS,
  TENANT_PROFILE_VALUES,
  USERS,
} from './tables.ts'

type TableOf<Definition> = Definition extends TableDefinition<infer Item> ? Table<Item> : never

/** The first result of an idempotency key [TXN-04]. */
export interface FirstResult {
  readonly fingerprint: string
  /** The result, frozen; `undefined` when the work returned nothing. */
  readonly result: JsonValue | undefined
}

/** What the platform and every tenant have: an audit log, an outbox and the first results of idempotency keys. */
export interface Partition {
  readonly tenantId: TenantId | null
  readonly audit: AuditLog
  readonly outbox: OutboxLog
  readonly firstResults: HashTable<FirstResult>
}

/** What belongs to the platform. */
export interface PlatformPartition extends Partition {
  readonly users: TableOf<typeof USERS>
  readonly accounts: TableOf<typeof ACCOUNTS>
  readonly presences: TableOf<typeof PRESENCES>
  readonly externalIdentities: TableOf<typeof EXTERNAL_IDENTITIES>
  readonly applications: TableOf<typeof APPLICATIONS>
  readonly catalogs: TableOf<typeof CATALOGS>
  readonly profileValues: TableOf<typeof GLOBAL_PROFILE_VALUES>
}

/**
 * What belongs to one tenant. A unit of work in a tenant scope holds the partition of that tenant and of no other:
 * the records of other tenants are out of its reach [TEN-01], and their keys and ids are other keys and ids [TEN-03].
 */
export interface TenantPartition extends Partition {
  readonly tenantId: TenantId
  readonly tenantAccounts: TableOf<typeof TENANT_ACCOUNTS>
  readonly applicationBindings: TableOf<typeof APPLICATION_BINDINGS>
  readonly memberships: TableOf<typeof MEMBERSHIPS>
  readonly profileValues: TableOf<typeof TENANT_PROFILE_VALUES>
  /** The scopes of its profile values by application, which all values of one share; `null` is the tenant's own. */
  readonly profileScopes: Map<Id | null, ProfileScope>
  /** How many units of work hold the partition open. */
  users: number
}

export function createPlatformPartition(): PlatformPartition {
  return {
    tenantId: null,
    ...createPartition(null),
    users: createTable(USERS),
    accounts: createTable(ACCOUNTS),
    presences: createTable(PRESENCES),
    externalIdentities: createTable(EXTERNAL_IDENTITIES),
    applications: createTable(APPLICATIONS),
    catalogs: createTable(CATALOGS),
    profileValues: createTable(GLOBAL_PROFILE_VALUES),
  }
}

export function createTenantPartition(tenantId: TenantId, platform: PlatformPartition): TenantPartition {
  return {
    tenantId,
    ...createPartition(tenantId),
    tenantAccounts: createTable(TENANT_ACCOUNTS, { table: platform.users, idOf: ({ userId }) => userId }),
    applicationBindings: createTable(APPLICATION_BINDINGS),
    memberships: createTable(MEMBERSHIPS),
    profileValues: createTable(TENANT_PROFILE_VALUES),
    profileScopes: new Map(),
    users: 0,
  }
}

function createPartition(tenantId: TenantId | null) {
  return {
    audit: createAuditLog(),
    outbox: createOutboxLog(tenantId),
    firstResults: createHashTable<FirstResult>(),
  }
}

/** Whether nothing would be lost with the partition. */
export function isEmptyPartition(tenant: TenantPartition): boolean {
  return (
    tenant.audit.length === 0 &&
    tenant.outbox.size === 0 &&
    tenant.firstResults.size === 0 &&
    tenant.tenantAccounts.size === 0 &&
    tenant.applicationBindings.size === 0 &&
    tenant.profileValues.size === 0 &&
    tenant.memberships.size === 0
  )
}
