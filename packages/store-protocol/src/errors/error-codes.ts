import type { EntityKind } from '../entity-kind.ts'

/** One thing that is wrong with an input. The path leads to the value; the value itself is never repeated [VAL-02, DIA-02]. */
export interface ValidationIssue {
  /** Where the value is, as a JSON path without a leading dot: `value.address.lines[2]`; empty for the whole. */
  readonly path: string
  /** What a correct value looks like, as a sentence that holds for any wrong value. */
  readonly expected: string
}

/** A code that says everything by itself. */
export type NoData = { readonly [key: string]: never }

/**
 * The data every error code carries. Nothing in it is secret or personal: ids, entity kinds, versions, limits
 * and paths only [DIA-02].
 */
export interface ErrorData {
  readonly VALIDATION: { readonly issues: readonly ValidationIssue[] }
  readonly SCOPE_INVALID: { readonly issues: readonly ValidationIssue[] }
  readonly SCOPE_NOT_ALLOWED: { readonly entity: EntityKind; readonly allowed: 'tenant' | 'platform' }
  readonly TENANT_BOUNDARY: { readonly entity: EntityKind }
  /** `entity` and `id` are of what is missing: of the record itself, or of what a new record refers to. */
  readonly NOT_FOUND: { readonly entity: EntityKind; readonly id?: string }
  readonly VERSION_CONFLICT: {
    readonly entity: EntityKind
    readonly id: string
    readonly expectedVersion: number
    readonly currentVersion: number
  }
  readonly DUPLICATE_IDENTITY: NoData
  /** `key` is `id`, or the fields that are unique together as [IDN-03] names them: `tenantAccountId,group,role`. */
  readonly DUPLICATE_KEY: { readonly entity: EntityKind; readonly key: string }
  readonly IDEMPOTENCY_MISMATCH: NoData
  readonly CURSOR_INVALID: { readonly list: string }
  readonly TRANSACTION_ABORTED: { readonly causeCode?: ErrorCode }
  readonly TRANSACTION_ENDED: NoData
  readonly TRANSACTION_BUSY: NoData
  readonly SERIALIZATION_CONFLICT: NoData
  readonly OUTCOME_UNKNOWN: { readonly idempotent: boolean }
  readonly DEADLINE_EXCEEDED: { readonly timeoutMs: number }
  readonly UNAVAILABLE: {
    readonly reason:
      | 'unreachable'
      | 'connection-lost'
      | 'overloaded'
      | 'starting'
      | 'refused'
      | 'superseded'
      | 'authorization'
  }
  /** `eventIds` are those of the request that the token does not hold. */
  readonly STALE_LEASE: { readonly token: number; readonly eventIds: readonly string[] }
  readonly DENIAL_NOT_RECORDED: { readonly causeCode?: ErrorCode }
  readonly SCHEMA_MISMATCH: {
    readonly state: 'behind' | 'ahead' | 'dirty' | 'unknown'
    readonly expected: string
    readonly found: string | null
  }
  readonly NOT_SUPPORTED: { readonly capability: string }
  readonly STORE_CLOSED: NoData
  readonly ACCESS_DENIED: { readonly action: string; readonly reason: string | null }
  readonly INVALID_STATE: {
    readonly entity: EntityKind
    readonly id: string
    readonly state: string
    readonly allowed: readonly string[]
  }
  readonly CATALOG_VIOLATION: { readonly attribute: string; readonly issues: readonly ValidationIssue[] }
  readonly INTERNAL: { readonly reference: string }
}

/** The stable names a caller may branch on. A code is never reused for another meaning. */
export type ErrorCode = keyof ErrorData

interface ErrorCodeFacts {
  /** True when the same call may succeed later with nothing changed by the caller [TXN-09]. */
  readonly retryable: boolean
  /** What the code means, without any value. */
  readonly meaning: string
  /** What the reader of the error does next. */
  readonly remedy: string
}

/** Every code with what it means and what to do: the source of messages and of the documents. */
export const ERROR_CODES: { readonly [Code in ErrorCode]: ErrorCodeFacts } = {
  VALIDATION: {
    retryable: false,
    meaning: 'The input cannot be kept as it is.',
    remedy: 'Correct the values at the listed paths.',
  },
  SCOPE_INVALID: {
    retryable: false,
    meaning: 'The scope is missing or malformed.',
    remedy: 'Pass { tenantId } with 1 to 128 visible ASCII characters, or { platform: true, reason }.',
  },
  SCOPE_NOT_ALLOWED: {
    retryable: false,
    meaning: 'This entity is not written or read in this kind of scope.',
    remedy: 'Use the kind of scope named in the error.',
  },
  TENANT_BOUNDARY: {
    retryable: false,
    meaning: 'A write in one tenant scope names another tenant.',
    remedy: 'Write the record in the scope of its own tenant.',
  },
  NOT_FOUND: {
    retryable: false,
    meaning: 'No such record exists in this scope.',
    remedy: 'Check the id and the scope; a record of another tenant does not exist here.',
  },
  VERSION_CONFLICT: {
    retryable: false,
    meaning: 'The record has changed since the expected version was read.',
    remedy: 'Read the record again, decide again, and name the version you read.',
  },
  DUPLICATE_IDENTITY: {
    retryable: false,
    meaning: 'This external identity is already linked.',
    remedy: 'Resolve the identity in a scope that may see its user, or unlink it there first.',
  },
  DUPLICATE_KEY: {
    retryable: false,
    meaning: 'Another record already holds this unique key.',
    remedy: 'Read the record that holds the key, or choose another key.',
  },
  IDEMPOTENCY_MISMATCH: {
    retryable: false,
    meaning: 'This idempotency key was used for a different request.',
    remedy: 'Use a new key for a new request.',
  },
  CURSOR_INVALID: {
    retryable: false,
    meaning: 'The cursor was not issued by this list.',
    remedy: 'Start again from the first page, with the same filters on every page.',
  },
  TRANSACTION_ABORTED: {
    retryable: false,
    meaning: 'An earlier statement of this transaction failed, so nothing of it was committed.',
    remedy: 'Let the first error propagate, or put the step that may fail into a nested transaction.',
  },
  TRANSACTION_ENDED: {
    retryable: false,
    meaning: 'The handle was used after its transaction or read had ended.',
    remedy: 'Await every call before the callback returns, and keep no handle beyond it.',
  },
  TRANSACTION_BUSY: {
    retryable: false,
    meaning: 'The handle was used while a nested transaction of it is open.',
    remedy: 'Use the handle of the nested transaction until it has settled.',
  },
  SERIALIZATION_CONFLICT: {
    retryable: true,
    meaning: 'The transaction lost against a concurrent one and left nothing.',
    remedy: 'Run it again, with jitter.',
  },
  OUTCOME_UNKNOWN: {
    retryable: false,
    meaning: 'The connection was lost while the commit was under way; it may or may not have happened.',
    remedy: 'Repeat the call with the same idempotency key, or read before deciding.',
  },
  DEADLINE_EXCEEDED: {
    retryable: false,
    meaning: 'The work ran past its time limit and was cancelled.',
    remedy: 'Do less in one transaction, or allow more time.',
  },
  UNAVAILABLE: {
    retryable: true,
    meaning: 'The backend cannot be reached or has no capacity; nothing was committed.',
    remedy: 'Try again with backoff; see readiness() for the reason.',
  },
  STALE_LEASE: {
    retryable: false,
    meaning: 'The fencing token no longer holds these events; nothing was changed.',
    remedy: 'Stop working on the batch: the events belong to a newer claim or are settled.',
  },
  DENIAL_NOT_RECORDED: {
    retryable: true,
    meaning: 'A denial could not be made durable.',
    remedy: 'Treat the request as refused, and try again when the store is ready.',
  },
  SCHEMA_MISMATCH: {
    retryable: false,
    meaning: 'The store does not know the schema it found.',
    remedy: 'Run the migrations of this release, or the release that belongs to the schema.',
  },
  NOT_SUPPORTED: {
    retryable: false,
    meaning: 'The capability manifest of this store says that it does not do this.',
    remedy: 'Check capabilities before the call, or use a store that has the capability.',
  },
  STORE_CLOSED: {
    retryable: false,
    meaning: 'The store has been closed.',
    remedy: 'Open a new store.',
  },
  ACCESS_DENIED: {
    retryable: false,
    meaning: 'The authorization port denied the action.',
    remedy: 'Ask for the right, or act as somebody who has it.',
  },
  INVALID_STATE: {
    retryable: false,
    meaning: 'The record is in a state from which this is not possible.',
    remedy: 'Bring the record into one of the allowed states first.',
  },
  CATALOG_VIOLATION: {
    retryable: false,
    meaning: 'The value does not fit the attribute as the catalog defines it.',
    remedy: 'Correct the value, or publish a catalog version that allows it.',
  },
  INTERNAL: {
    retryable: false,
    meaning: 'The store met a condition it has no name for.',
    remedy: 'Report it with the reference from the error.',
  },
}
