export {
  ACCOUNT_KINDS,
  ACCOUNT_STATUSES,
  type Account,
  type AccountChanges,
  type AccountKind,
  type AccountStatus,
  accountChangesSchema,
  accountSchema,
} from './accounts/account.ts'
export type { AccountReader, AccountWriter } from './accounts/account-roles.ts'
export {
  APPLICATION_BINDING_STATUSES,
  type ApplicationBinding,
  type ApplicationBindingChanges,
  type ApplicationBindingStatus,
  applicationBindingChangesSchema,
  applicationBindingSchema,
} from './application-bindings/application-binding.ts'
export type {
  ApplicationBindingReader,
  ApplicationBindingWriter,
} from './application-bindings/application-binding-roles.ts'
export {
  APPLICATION_STATUSES,
  type Application,
  type ApplicationChanges,
  type ApplicationStatus,
  applicationChangesSchema,
  applicationSchema,
} from './applications/application.ts'
export type { ApplicationReader, ApplicationWriter } from './applications/application-roles.ts'
export {
  AUDIT_OUTCOMES,
  type AuditOutcome,
  type AuditRecord,
  type AuditTarget,
  auditRecordSchema,
  auditTargetSchema,
} from './audit/audit-record.ts'
export {
  AUDIT_ORDERS,
  type AuditAppender,
  type AuditFilter,
  type AuditOrder,
  type AuditReader,
} from './audit/audit-roles.ts'
export { ISOLATION_LEVELS, type IsolationLevel, type StoreCapabilities } from './capabilities.ts'
export {
  ATTRIBUTE_TYPES,
  type AttributeConstraints,
  type AttributeDefinition,
  type AttributeType,
  AUDIENCES,
  type Audience,
  attributeConstraintsSchema,
  attributeDefinitionSchema,
  CLASSIFICATIONS,
  type Classification,
  PROFILE_LEVELS,
  type ProfileLevel,
  STRING_FORMATS,
} from './catalogs/attribute-definition.ts'
export {
  BREAKING_CHANGE_KINDS,
  type BreakingChange,
  breakingChangeSchema,
  CATALOG_STATUSES,
  type Catalog,
  type CatalogChanges,
  type CatalogStatus,
  catalogChangesSchema,
  catalogSchema,
} from './catalogs/catalog.ts'
export type { CatalogFamily, CatalogReader, CatalogWriter } from './catalogs/catalog-roles.ts'
export {
  type VersionedDelete,
  type VersionedUpdate,
  versionedDeleteSchema,
  versionedUpdateSchema,
} from './changes.ts'
export { compiledSchema } from './compiled-schema.ts'
export type { Diagnostics } from './diagnostics.ts'
export { ENTITY_KINDS, type EntityKind } from './entity-kind.ts'
export {
  ERROR_CODES,
  type ErrorCode,
  type ErrorData,
  type NoData,
  type ValidationIssue,
} from './errors/error-codes.ts'
export { type AnyUserEngineError, isUserEngineError, UserEngineError } from './errors/user-engine-error.ts'
export {
  type ExternalIdentity,
  externalIdentitySchema,
  type IdentityKey,
  identityKeySchema,
} from './external-identities/external-identity.ts'
export type {
  ExternalIdentityReader,
  ExternalIdentityWriter,
  ResolvedIdentity,
} from './external-identities/external-identity-roles.ts'
export { deepFreeze } from './freeze.ts'
export {
  type Membership,
  type MembershipChanges,
  membershipChangesSchema,
  membershipSchema,
} from './memberships/membership.ts'
export type { MembershipReader, MembershipWriter } from './memberships/membership-roles.ts'
export { type OutboxEvent, outboxEventSchema } from './outbox/outbox-event.ts'
export {
  type AckRequest,
  ackRequestSchema,
  type ClaimRequest,
  claimRequestSchema,
  type DeadLetter,
  type DeadLetterRequest,
  deadLetterRequestSchema,
  type ExtendRequest,
  extendRequestSchema,
  type NackRequest,
  nackRequestSchema,
  type OutboxDelivery,
  type OutboxLease,
  type OutboxPort,
  type OutboxStats,
  type ReleaseRequest,
  releaseRequestSchema,
} from './outbox/outbox-port.ts'
export {
  OUTBOX_STATES,
  type OutboxAppender,
  type OutboxEntry,
  type OutboxReader,
  type OutboxState,
} from './outbox/outbox-roles.ts'
export {
  type CursorKey,
  DEFAULT_PAGE_LIMIT,
  decodeCursor,
  encodeCursor,
  MAX_PAGE_LIMIT,
  type Page,
  type PageRequest,
  pageRequestSchema,
} from './page.ts'
export { acceptCapability, readDescription, readLease } from './postgres-capability/accept-capability.ts'
export {
  type CapabilityDescription,
  type ConnectionLease,
  capabilityDescriptionSchema,
  connectionLeaseSchema,
  LEASE_ROLES,
  type LeaseRole,
  type LeaseTls,
  POOLER_MODES,
  type PoolerMode,
  type PostgresCapability,
} from './postgres-capability/postgres-capability.ts'
export {
  type ProfileScope,
  type ProfileValue,
  type ProfileValueChanges,
  type Provenance,
  profileScopeSchema,
  profileValueChangesSchema,
  profileValueSchema,
  provenanceSchema,
} from './profile-values/profile-value.ts'
export type {
  ProfileValueKey,
  ProfileValueReader,
  ProfileValueWriter,
} from './profile-values/profile-value-roles.ts'
export { PROTOCOL_VERSION, type ProtocolVersion } from './protocol-version.ts'
export { type Readiness, type ReadinessCheck, readinessOf, type SchemaVersion } from './readiness.ts'
export type { RecordCounts } from './record-counts.ts'
export {
  RULE_SECTIONS,
  type Rule,
  type RuleApplicability,
  type RuleId,
  type RuleLevel,
  type RuleSection,
} from './rules/rule.ts'
export { findRule, RULES, sectionTitle } from './rules/rule-registry.ts'
export { type PlatformScope, parseScope, type Scope, type TenantScope, tenantOf } from './scope.ts'
export type { UserEngineStore } from './store.ts'
export {
  TENANT_ACCOUNT_STATUSES,
  type TenantAccount,
  type TenantAccountChanges,
  type TenantAccountStatus,
  tenantAccountChangesSchema,
  tenantAccountSchema,
} from './tenant-accounts/tenant-account.ts'
export type { TenantAccountReader, TenantAccountWriter } from './tenant-accounts/tenant-account-roles.ts'
export {
  type Idempotency,
  idempotencySchema,
  type ReadOptions,
  type StoreReader,
  type StoreTransaction,
  type TransactOptions,
} from './transaction.ts'
export {
  USER_KINDS,
  USER_STATUSES,
  type User,
  type UserChanges,
  type UserKind,
  type UserStatus,
  userChangesSchema,
  userSchema,
} from './users/user.ts'
export type { UserReader, UserWriter } from './users/user-roles.ts'
export { formatIssues, validate } from './validate.ts'
export { ACTOR_TYPES, type Actor, actorSchema } from './values/actor.ts'
export {
  type Id,
  idSchema,
  type Key,
  keySchema,
  type TenantId,
  tenantIdSchema,
} from './values/identifiers.ts'
export { type Instant, instantSchema } from './values/instant.ts'
export {
  findJsonIssue,
  formatPath,
  type JsonObject,
  type JsonValue,
  jsonObjectSchema,
  jsonValueSchema,
  MAX_JSON_BYTES,
  MAX_JSON_DEPTH,
} from './values/json-value.ts'
export { isStorableText, textSchema } from './values/text.ts'
export { type Version, versionSchema } from './values/version.ts'
