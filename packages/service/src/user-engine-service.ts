import type { JsonValue, RecordCounts } from '@user-engine/store-protocol'
import type { AccountCommands } from './accounts/account-commands.ts'
import type { ApplicationBindingCommands } from './application-bindings/application-binding-commands.ts'
import type { ApplicationCommands } from './applications/application-commands.ts'
import type { AuditCommands } from './audit/audit-commands.ts'
import type { CatalogCommands } from './catalogs/catalog-commands.ts'
import type { CommandContext } from './commands/command-context.ts'
import type { ExternalIdentityCommands } from './external-identities/external-identity-commands.ts'
import type { MembershipCommands } from './memberships/membership-commands.ts'
import type { OutboxCommands } from './outbox/outbox-commands.ts'
import type { ProfileCommands } from './profiles/profile-commands.ts'
import type { ProvisionedUser, ProvisionUserInput } from './provisioning/provision-input.ts'
import type { ProvisioningOutcome, ProvisionUsersInput } from './provisioning/provision-users.ts'
import type { TenantAccountCommands } from './tenant-accounts/tenant-account-commands.ts'
import type { UserCommands } from './users/user-commands.ts'

/**
 * The user domain of a platform, on any store that keeps the contract.
 *
 * Every command checks its input, asks the authorization port, and then does its work in one transaction of the store:
 * domain change, audit record and outbox event together or not at all [TXN-01]. It resolves when that is committed
 * [TXN-03], with the record as it is then. Commands that change a record name the version they decided on [VER-02].
 *
 * Every command and query throws, as UserEngineError: `SCOPE_INVALID`; `VALIDATION`; `ACCESS_DENIED`, once the denial is
 * durable [AUD-03]; `DENIAL_NOT_RECORDED` when it could not be made so [AUD-05]; `UNAVAILABLE`, with the reason
 * `authorization` when the port did not answer; `SCOPE_NOT_ALLOWED`; `DEADLINE_EXCEEDED` [TXN-11]; `STORE_CLOSED`;
 * `SCHEMA_MISMATCH`. Commands throw besides: `SERIALIZATION_CONFLICT` (retryable, see `retryTransient`);
 * `OUTCOME_UNKNOWN` and `IDEMPOTENCY_MISMATCH` [TXN-04]. What the domain refuses after the caller was allowed to try
 * (`DUPLICATE_IDENTITY`, `INVALID_STATE`, `CATALOG_VIOLATION`) is on record as well, with the outcome `failed`.
 */
export interface UserEngineService {
  readonly users: UserCommands
  readonly accounts: AccountCommands
  readonly externalIdentities: ExternalIdentityCommands
  readonly tenantAccounts: TenantAccountCommands
  readonly memberships: MembershipCommands
  readonly applications: ApplicationCommands
  readonly applicationBindings: ApplicationBindingCommands
  readonly catalogs: CatalogCommands
  readonly profiles: ProfileCommands
  readonly audit: AuditCommands
  readonly outbox: OutboxCommands

  /** How many records of each kind the scope sees [QRY-03]. Its cost grows with what it counts. */
  countRecords(context: CommandContext): Promise<RecordCounts>

  /**
   * Brings one user of the tenant to the state that an outside source describes: user, account, identity, presence,
   * memberships and values, in one transaction that writes only what differs. Safe to repeat, and to run twice at once.
   * @throws UserEngineError `SCOPE_NOT_ALLOWED` in a platform scope; `INVALID_STATE` when the user or the account is
   * deactivated; `DUPLICATE_IDENTITY` when the identity belongs to a user the tenant does not see [IDN-02]; for the
   * profile what `profiles.setValue` throws.
   */
  provisionUser(context: CommandContext, input: ProvisionUserInput): Promise<ProvisionedUser>

  /**
   * Does the same for up to 500 users in one transaction, which is what an import wants: one question to the
   * authorization port, and a few round trips for all of them. Returns what came of each, in the order of the input. A user
   * who is refused, for whatever `provisionUser` would throw about it, is told as an outcome, and leaves nothing but its record
   * of refusal; the others do not notice. Whoever meets a write of somebody else is decided again. Users of the input that share
   * an identity are provisioned one after the other. Safe to repeat, and to run twice at once.
   * @throws UserEngineError `SCOPE_NOT_ALLOWED` in a platform scope; what concerns all of them: nothing is written then.
   */
  provisionUsers(context: CommandContext, input: ProvisionUsersInput): Promise<readonly ProvisioningOutcome[]>

  /**
   * Composes commands: `inner` is this service, bound to one transaction of the store. What `work` throws goes on and
   * undoes everything; what an inner command throws is undone alone, and `work` may catch it and continue [TXN-05]. A
   * denial stays on record either way [AUD-03]. The inner commands are made in the scope of the outer context, one
   * after the other (`TRANSACTION_BUSY` otherwise), and without an idempotency key or a time limit of their own. A store
   * may begin `work` before it finds that the idempotency key was used: what `work` does elsewhere may happen again.
   * @throws UserEngineError what `work` throws; what a commit throws.
   */
  transaction<Result>(
    context: CommandContext,
    work: (inner: UserEngineService) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>
}

export interface TransactionOptions {
  /**
   * What `work` depends on. With an idempotency key, repeating the transaction with another input is
   * `IDEMPOTENCY_MISMATCH` [TXN-04]; the result of `work` must then be a JSON value. Default `null`.
   */
  readonly input?: JsonValue
}
