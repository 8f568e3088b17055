import type { AuditRecord } from './audit/audit-record.ts'
import type { StoreCapabilities } from './capabilities.ts'
import type { Diagnostics } from './diagnostics.ts'
import type { OutboxPort } from './outbox/outbox-port.ts'
import type { ProtocolVersion } from './protocol-version.ts'
import type { Readiness, SchemaVersion } from './readiness.ts'
import type { Scope } from './scope.ts'
import type { ReadOptions, StoreReader, StoreTransaction, TransactOptions } from './transaction.ts'

/**
 * What user-engine needs from a durable store. There are no optional methods: what a store cannot do, its
 * manifest says. Every error is a `UserEngineError`; after `close` every call throws `STORE_CLOSED` [LIF-01].
 */
export interface UserEngineStore {
  readonly protocolVersion: ProtocolVersion
  /** The manifest: deeply frozen, and the same before and after every call [SHP-04]. */
  readonly capabilities: StoreCapabilities

  /**
   * Runs `work` on one consistent view of the scope [TXN-07]. The handle ends when `work` settles.
   * @throws UserEngineError `SCOPE_INVALID`; `UNAVAILABLE`; `DEADLINE_EXCEEDED`; `SCHEMA_MISMATCH`; `TRANSACTION_ENDED`.
   */
  read<Result>(
    scope: Scope,
    work: (reader: StoreReader) => Result | Promise<Result>,
    options?: ReadOptions,
  ): Promise<Result>

  /**
   * Runs `work` and commits what it did, all or nothing [TXN-01, TXN-02]. Resolves only when the commit has
   * happened [TXN-03].
   * @throws UserEngineError what `work` threw; `TRANSACTION_ABORTED` when `work` swallowed a failed statement [TXN-03];
   * `OUTCOME_UNKNOWN` when the connection was lost at the commit [TXN-04]; `IDEMPOTENCY_MISMATCH`;
   * `SERIALIZATION_CONFLICT`, `UNAVAILABLE` (retryable) [TXN-09]; `DEADLINE_EXCEEDED` [TXN-11]; `SCOPE_INVALID`;
   * `SCHEMA_MISMATCH` before the first write [MIG-02].
   */
  transact<Result>(
    scope: Scope,
    work: (tx: StoreTransaction) => Result | Promise<Result>,
    options?: TransactOptions,
  ): Promise<Result>

  /**
   * Makes a denial durable, outside every transaction that is open: it survives their rollback, needs nothing
   * they hold, and resolves only when it has been committed [AUD-03, AUD-04]. Takes records with the outcome
   * `denied` or `failed`; another one is `VALIDATION`. A platform scope may record for any tenant.
   * @throws UserEngineError `DENIAL_NOT_RECORDED` when it could not be made durable [AUD-05]; `VALIDATION`;
   * `TENANT_BOUNDARY`; `SCOPE_INVALID`; `DUPLICATE_KEY` or `DENIAL_NOT_RECORDED` for an id that is taken.
   */
  recordDenial(scope: Scope, record: AuditRecord): Promise<void>

  /** The relay's side of the outbox, across all tenants. */
  readonly outbox: OutboxPort

  /** Whether the store may be given work, and if not, why and what to do [MIG-01]. Never throws for a backend that is down. */
  readiness(): Promise<Readiness>

  /** Where the backend's schema stands [MIG-02]. @throws UserEngineError `UNAVAILABLE`. */
  schemaVersion(): Promise<SchemaVersion>

  /** A redacted picture for operators [DIA-01, DIA-02]. Never throws for a backend that is down. */
  diagnostics(): Promise<Diagnostics>

  /**
   * Lets running work end within `timeoutMs` (default 5,000), cuts off what is left with `STORE_CLOSED`, and releases
   * everything. New calls are refused from the first moment on; handles of running work go on until it ends.
   * Calling it again is harmless [LIF-01].
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>
}
