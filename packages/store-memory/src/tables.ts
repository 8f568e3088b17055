import {
  type Account,
  type Application,
  type ApplicationBinding,
  type Catalog,
  type EntityKind,
  type ExternalIdentity,
  type Id,
  type Key,
  type Membership,
  type ProfileValue,
  type TenantAccount,
  type User,
  UserEngineError,
} from '@user-engine/store-protocol'
import { defineTable } from './table.ts'

const byId = (record: { readonly id: Id }): string => record.id
const everything = (): string => ''

function refuseKey(entity: EntityKind, key: string) {
  return () => new UserEngineError('DUPLICATE_KEY', { entity, key })
}

export const USERS = defineTable<User>(
  'user',
  byId,
)({
  all: { groupOf: everything, keyOf: byId, ordered: true },
})

export const ACCOUNTS = defineTable<Account>(
  'account',
  byId,
)({
  byUser: { groupOf: (account) => account.userId, keyOf: byId, ordered: true },
})

export const TENANT_ACCOUNTS = defineTable<TenantAccount>(
  'tenant-account',
  byId,
)({
  all: { groupOf: everything, keyOf: byId, ordered: true },
  byAccount: {
    groupOf: everything,
    keyOf: (tenantAccount) => tenantAccount.accountId,
    ordered: false,
    refuseDuplicate: refuseKey('tenant-account', 'tenantId,accountId'),
  },
  byUser: { groupOf: (tenantAccount) => tenantAccount.userId, keyOf: byId, ordered: true },
  /** The accounts of each user in the tenant. */
  accountsByUser: {
    groupOf: (tenantAccount) => tenantAccount.userId,
    keyOf: (tenantAccount) => tenantAccount.accountId,
    ordered: true,
  },
  /** The users of the tenant, each once. Tenant accounts are never removed, so the first one may stand for all. */
  users: { groupOf: everything, keyOf: (tenantAccount) => tenantAccount.userId, ordered: true },
})

/** The tenant accounts of all tenants once more, for the platform's view of one user [TEN-01]. */
export const PRESENCES = defineTable<TenantAccount>(
  'tenant-account',
  presenceKey,
)({
  byUser: { groupOf: (tenantAccount) => tenantAccount.userId, keyOf: presenceKey, ordered: true },
})

/** Orders by tenant id, then id: the space is below every character of a tenant id. */
export function presenceKey({ tenantId, id }: TenantAccount): string {
  return `${tenantId} ${id}`
}

export const EXTERNAL_IDENTITIES = defineTable<ExternalIdentity>(
  'external-identity',
  byId,
)({
  byUser: { groupOf: (identity) => identity.userId, keyOf: byId, ordered: true },
  byKey: {
    groupOf: (identity) => identity.issuer,
    keyOf: (identity) => identity.subject,
    ordered: false,
    refuseDuplicate: () => new UserEngineError('DUPLICATE_IDENTITY', {}),
  },
})

export const APPLICATIONS = defineTable<Application>(
  'application',
  byId,
)({
  all: { groupOf: everything, keyOf: byId, ordered: true },
  byKey: {
    groupOf: everything,
    keyOf: (application) => application.key,
    ordered: false,
    refuseDuplicate: refuseKey('application', 'key'),
  },
})

export const APPLICATION_BINDINGS = defineTable<ApplicationBinding>(
  'application-binding',
  byId,
)({
  all: { groupOf: everything, keyOf: byId, ordered: true },
  byApplication: {
    groupOf: everything,
    keyOf: (binding) => binding.applicationId,
    ordered: false,
    refuseDuplicate: refuseKey('application-binding', 'tenantId,applicationId'),
  },
})

export const CATALOGS = defineTable<Catalog>(
  'catalog',
  byId,
)({
  all: { groupOf: everything, keyOf: byId, ordered: true },
  byFamily: {
    groupOf: catalogFamily,
    keyOf: (catalog) => descendingKey(catalog.catalogVersion),
    ordered: true,
    refuseDuplicate: refuseKey('catalog', 'applicationId,key,catalogVersion'),
  },
})

export function catalogFamily(family: { readonly applicationId: Id | null; readonly key: Key }): string {
  return `${family.applicationId ?? ''} ${family.key}`
}

/** A text that sorts the higher number first. */
export function descendingKey(number: number): string {
  return String(Number.MAX_SAFE_INTEGER - number).padStart(16, '0')
}

export const GLOBAL_PROFILE_VALUES = defineTable<ProfileValue>(
  'profile-value',
  byId,
)({
  byUser: {
    groupOf: (value) => value.userId,
    keyOf: (value) => value.attributeKey,
    ordered: true,
    refuseDuplicate: refuseKey('profile-value', 'userId,scope,attributeKey'),
  },
})

/** The values of a tenant, and in a branch each those of the applications within it. */
export const TENANT_PROFILE_VALUES = defineTable<ProfileValue>(
  'profile-value',
  byId,
)({
  byUser: {
    branchOf: ({ scope }) => (scope.level === 'application' ? scope.applicationId : ''),
    groupOf: (value) => value.userId,
    keyOf: (value) => value.attributeKey,
    ordered: true,
    refuseDuplicate: refuseKey('profile-value', 'userId,scope,attributeKey'),
  },
})

export const MEMBERSHIPS = defineTable<Membership>(
  'membership',
  byId,
)({
  byTenantAccount: {
    groupOf: (membership) => membership.tenantAccountId,
    keyOf: (membership) => roleKey(membership.group, membership.role),
    ordered: true,
    refuseDuplicate: refuseKey('membership', 'tenantAccountId,group,role'),
  },
  byGroup: { groupOf: (membership) => membership.group, keyOf: byId, ordered: true },
})

/** Orders by group, then role: the space is below every character of a key. */
export function roleKey(group: Key, role: Key): string {
  return `${group} ${role}`
}
