import type { Page, PageRequest } from '../page.ts'
import type { Actor } from '../values/actor.ts'
import type { Id } from '../values/identifiers.ts'
import type { Instant } from '../values/instant.ts'
import type { AuditOutcome, AuditRecord, AuditTarget } from './audit-record.ts'

/** Which audit records a list returns; every given filter must match. */
export interface AuditFilter {
  readonly actor?: Actor
  readonly target?: AuditTarget
  readonly action?: string
  readonly outcome?: AuditOutcome
  /** Only records that occurred at or after this instant. */
  readonly from?: Instant
  /** Only records that occurred before this instant. */
  readonly until?: Instant
}

export const AUDIT_ORDERS = ['oldest-first', 'newest-first'] as const

export type AuditOrder = (typeof AUDIT_ORDERS)[number]

/** Reads audit records: in a tenant scope the tenant's, in a platform scope the platform's own [TEN-01]. */
export interface AuditReader {
  /** The record with this id, or `null` when the scope has none. */
  get(id: Id): Promise<AuditRecord | null>
  /** The records of the scope, in the order of their commit or its reverse [AUD-06, QRY-01, QRY-02]. */
  list(request?: {
    readonly filter?: AuditFilter
    /** Default `oldest-first`. */
    readonly order?: AuditOrder
    readonly page?: PageRequest
  }): Promise<Page<AuditRecord>>
}

/** Appends audit records to the transaction of the change they record; there is no other write [AUD-01, AUD-02]. */
export interface AuditAppender {
  /**
   * @throws UserEngineError `VALIDATION`; `TENANT_BOUNDARY` when a tenant scope names another tenant or the platform;
   * `DUPLICATE_KEY` for the id.
   */
  append(record: AuditRecord): Promise<void>
}
