import * as z from 'zod'
import type { AccountReader, AccountWriter } from './accounts/account-roles.ts'
import type {
  ApplicationBindingReader,
  ApplicationBindingWriter,
} from './application-bindings/application-binding-roles.ts'
import type { ApplicationReader, ApplicationWriter } from './applications/application-roles.ts'
import type { AuditAppender, AuditReader } from './audit/audit-roles.ts'
import type { CatalogReader, CatalogWriter } from './catalogs/catalog-roles.ts'
import type {
  ExternalIdentityReader,
  ExternalIdentityWriter,
} from './external-identities/external-identity-roles.ts'
import type { MembershipReader, MembershipWriter } from './memberships/membership-roles.ts'
import type { OutboxAppender, OutboxReader } from './outbox/outbox-roles.ts'
import type { ProfileValueReader, ProfileValueWriter } from './profile-values/profile-value-roles.ts'
import type { RecordCounts } from './record-counts.ts'
import type { TenantAccountReader, TenantAccountWriter } from './tenant-accounts/tenant-account-roles.ts'
import type { UserReader, UserWriter } from './users/user-roles.ts'
import { textSchema } from './values/text.ts'

/** The reading side: every role sees one moment of the backend, and only its scope [TXN-07, TEN-01]. */
export interface StoreReader {
  readonly users: UserReader
  readonly accounts: AccountReader
  readonly tenantAccounts: TenantAccountReader
  readonly externalIdentities: ExternalIdentityReader
  readonly applications: ApplicationReader
  readonly applicationBindings: ApplicationBindingReader
  readonly catalogs: CatalogReader
  readonly profileValues: ProfileValueReader
  readonly memberships: MembershipReader
  readonly audit: AuditReader
  readonly outbox: OutboxReader
  /** How many records of each kind the scope sees [QRY-03]. Its cost grows with what it counts. */
  countRecords(): Promise<RecordCounts>
}

/**
 * One transaction. Calls take effect in the order they were made, awaited or not [TXN-08]. Reads see the
 * transaction's own writes [TXN-06].
 *
 * A write settles once the store has taken it over; it may be sent later, together with others. Its failure
 * surfaces at its own call, at a later read, or at the commit: the same typed error each time, and everything
 * rolls back [TXN-10]. A write that is not awaited never causes an unhandled rejection. To survive a failure, put
 * the step into a nested transaction: that one reports its failures before it settles.
 *
 * Once work has seen a failure, which is to have looked at the promise of the call that failed, the transaction does
 * nothing more: later calls and the commit fail with `TRANSACTION_ABORTED`, which names the code of the failure [TXN-03].
 * A failure that work never looked at is what the commit itself fails with. A refused argument (`VALIDATION`,
 * `SCOPE_NOT_ALLOWED`, `TENANT_BOUNDARY`) is known before anything is sent and surfaces at its own call.
 * `TRANSACTION_BUSY` and `TRANSACTION_ENDED` refuse the one call and abort nothing.
 *
 * Of several reasons to refuse a call every store gives the same one, the first of: the handle (`TRANSACTION_ENDED`,
 * `TRANSACTION_BUSY`, `TRANSACTION_ABORTED`), the shape (`VALIDATION`), the kind of scope (`SCOPE_NOT_ALLOWED`), the
 * tenant (`TENANT_BOUNDARY`), what the record refers to or is (`NOT_FOUND`), its version (`VERSION_CONFLICT`), its
 * state (`INVALID_STATE`), uniqueness (`DUPLICATE_IDENTITY`, `DUPLICATE_KEY`) [SHP-05].
 *
 * A callback that does not decide between its steps can return without awaiting, with the handle's own promise as
 * its result; a durable store then sends the whole unit of work in one round trip:
 *
 * ```ts
 * await store.transact(scope, (tx) => {
 *   tx.users.update({ id, expectedVersion, set, updatedAt })
 *   tx.audit.append(record)
 *   tx.outbox.append(event)
 *   return tx.users.get(id)
 * })
 * ```
 */
export interface StoreTransaction extends StoreReader {
  readonly users: UserReader & UserWriter
  readonly accounts: AccountReader & AccountWriter
  readonly tenantAccounts: TenantAccountReader & TenantAccountWriter
  readonly externalIdentities: ExternalIdentityReader & ExternalIdentityWriter
  readonly applications: ApplicationReader & ApplicationWriter
  readonly applicationBindings: ApplicationBindingReader & ApplicationBindingWriter
  readonly catalogs: CatalogReader & CatalogWriter
  readonly profileValues: ProfileValueReader & ProfileValueWriter
  readonly memberships: MembershipReader & MembershipWriter
  readonly audit: AuditReader & AuditAppender
  readonly outbox: OutboxReader & OutboxAppender
  /**
   * Runs a nested transaction. When `work` throws, what it did is undone and the error goes on; the outer
   * transaction is as it was before and may continue. While it is open the outer handle refuses calls with
   * UserEngineError `TRANSACTION_BUSY` [TXN-05, TXN-08]. The time limit is that of the outermost transaction. The commit
   * waits for a nested transaction that nobody awaits, and fails when it does; when the outer one fails, what is nested
   * in it is undone with it, awaited or not.
   */
  transact<Result>(work: (tx: StoreTransaction) => Result | Promise<Result>): Promise<Result>
}

export const idempotencySchema = z.strictObject({
  key: textSchema({ min: 1, max: 256 }),
  fingerprint: textSchema({ min: 1, max: 256 }),
})

/** Makes a retry return the first result instead of doing the work again [TXN-04]. */
export interface Idempotency {
  /** Names the request within the scope: 1 to 256 characters, chosen by the caller. */
  readonly key: string
  /** Tells one request from another, for example a digest of its input: 1 to 256 characters. */
  readonly fingerprint: string
}

export interface ReadOptions {
  /**
   * The time limit in milliseconds, from the call on, on the server as well; default and maximum are in the manifest, and
   * what is no whole number from 1 to that maximum is `VALIDATION` [TXN-11].
   */
  readonly timeoutMs?: number
}

export interface TransactOptions extends ReadOptions {
  /**
   * With a key, the result of `work` must be a JSON value: a repeated key returns the stored one, and `null` where there
   * was none. A transaction that fails in any way leaves its key unused. A tenant's keys, and the platform's, are their own.
   */
  readonly idempotency?: Idempotency
}
