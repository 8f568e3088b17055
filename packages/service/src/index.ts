export type { AccountCommands } from './accounts/account-commands.ts'
export { type CreateAccountInput, createAccountInputSchema } from './accounts/create-account.ts'
export { type UpdateAccountInput, updateAccountInputSchema } from './accounts/update-account.ts'
export type { ApplicationBindingCommands } from './application-bindings/application-binding-commands.ts'
export {
  type BindApplicationInput,
  bindApplicationInputSchema,
} from './application-bindings/bind-application.ts'
export {
  type RebindApplicationInput,
  rebindApplicationInputSchema,
} from './application-bindings/rebind-application.ts'
export type { ApplicationCommands } from './applications/application-commands.ts'
export {
  type RegisterApplicationInput,
  registerApplicationInputSchema,
} from './applications/register-application.ts'
export {
  type UpdateApplicationInput,
  updateApplicationInputSchema,
} from './applications/update-application.ts'
export type { AuditCommands } from './audit/audit-commands.ts'
export { type ListAuditRecordsInput, listAuditRecordsInputSchema } from './audit/list-audit-records.ts'
export type { CatalogCommands } from './catalogs/catalog-commands.ts'
export { type DraftCatalogInput, draftCatalogInputSchema } from './catalogs/draft-catalog.ts'
export { type EditDraftInput, editDraftInputSchema } from './catalogs/edit-draft.ts'
export {
  type ListCatalogVersionsInput,
  listCatalogVersionsInputSchema,
} from './catalogs/list-catalog-versions.ts'
export type { CommandContext } from './commands/command-context.ts'
export { type ListInput, listInputSchema } from './commands/page-input.ts'
export {
  type RecordInput,
  recordInputSchema,
  type VersionedInput,
  versionedInputSchema,
} from './commands/record-input.ts'
export { type UserListInput, userListInputSchema } from './commands/user-list-input.ts'
export { createUserEngineService, type UserEngineServiceOptions } from './create-user-engine-service.ts'
export {
  EVENT_DEFINITIONS,
  EVENT_TYPES,
  type EventPayload,
  type EventType,
} from './events/event-definitions.ts'
export type { ExternalIdentityCommands } from './external-identities/external-identity-commands.ts'
export { type LinkIdentityInput, linkIdentityInputSchema } from './external-identities/link-identity.ts'
export {
  type ResolveIdentityInput,
  resolveIdentityInputSchema,
} from './external-identities/resolve-identity.ts'
export { type GrantMembershipInput, grantMembershipInputSchema } from './memberships/grant-membership.ts'
export {
  type ListMembershipsByGroupInput,
  listMembershipsByGroupInputSchema,
} from './memberships/list-memberships-by-group.ts'
export {
  type ListMembershipsByTenantAccountInput,
  listMembershipsByTenantAccountInputSchema,
} from './memberships/list-memberships-by-tenant-account.ts'
export type { MembershipCommands } from './memberships/membership-commands.ts'
export { type UpdateMembershipInput, updateMembershipInputSchema } from './memberships/update-membership.ts'
export { type ListOutboxEventsInput, listOutboxEventsInputSchema } from './outbox/list-outbox-events.ts'
export type { OutboxCommands } from './outbox/outbox-commands.ts'
export type { AuthorizationPort, AuthorizationRequest, Decision } from './ports/authorization-port.ts'
export { type Clock, createSystemClock } from './ports/clock.ts'
export { createIdGenerator, type IdGenerator } from './ports/id-generator.ts'
export { type ClearValueInput, clearValueInputSchema } from './profiles/clear-value.ts'
export { type ClearValuesInput, clearValuesInputSchema } from './profiles/clear-values.ts'
export {
  type EffectiveProfile,
  type EffectiveProfileInput,
  effectiveProfileInputSchema,
} from './profiles/effective-profile.ts'
export { type ListValuesInput, listValuesInputSchema } from './profiles/list-values.ts'
export type { ProfileCommands } from './profiles/profile-commands.ts'
export type { EffectiveAttribute, ValueSource } from './profiles/resolve-effective.ts'
export { type SetValueInput, setValueInputSchema } from './profiles/set-value.ts'
export { MAX_VALUES, type SetValuesInput, setValuesInputSchema } from './profiles/set-values.ts'
export {
  type ProvisionedUser,
  type ProvisionUserInput,
  provisionUserInputSchema,
} from './provisioning/provision-input.ts'
export {
  MAX_PROVISIONED_USERS,
  type ProvisioningOutcome,
  type ProvisionUsersInput,
  provisionUsersInputSchema,
  type RefusedProvisioning,
} from './provisioning/provision-users.ts'
export { type Backoff, type BackoffLimits, createBackoff } from './relay/backoff.ts'
export { DEFAULT_EVENT_SOURCE, type OutboxCloudEvent, toCloudEvent } from './relay/cloud-event.ts'
export { DeliveryFailure, type DeliveryFailureFacts } from './relay/delivery-failure.ts'
export {
  createInProcessSink,
  type EventHandler,
  type InProcessSinkOptions,
  type TypedCloudEvent,
} from './relay/in-process-sink.ts'
export { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from './relay/outbox-relay.ts'
export type { OutboxSink, SinkDelivery } from './relay/outbox-sink.ts'
export type {
  DeliveryNames,
  RelayEvent,
  RelayHook,
  RelayReport,
  RelayStatus,
  StoreOperation,
} from './relay/relay-event.ts'
export { createWebhookSink, type WebhookSinkOptions } from './relay/webhook-sink.ts'
export { type RetryPolicy, retryTransient } from './retry/retry-transient.ts'
export { type InviteAccountInput, inviteAccountInputSchema } from './tenant-accounts/invite-account.ts'
export type { TenantAccountCommands } from './tenant-accounts/tenant-account-commands.ts'
export type { TransactionOptions, UserEngineService } from './user-engine-service.ts'
export { type CreateUserInput, createUserInputSchema } from './users/create-user.ts'
export { type UpdateUserInput, updateUserInputSchema } from './users/update-user.ts'
export type { UserCommands } from './users/user-commands.ts'
