import { deepFreeze, type StoreCapabilities } from '@user-engine/store-protocol'
import { PACKAGE_NAME, PACKAGE_VERSION } from './package-info.ts'

/** How deep transactions may be nested. Postgres has no limit of its own; every level holds a subtransaction. */
export const MAX_NESTING = 64

export const DEFAULT_TIMEOUT_MS = 5_000
export const MAX_TIMEOUT_MS = 600_000

export interface CapabilityOptions {
  readonly defaultTimeoutMs: number
  readonly idempotencyRetentionMs: number
  readonly outbox: { readonly maxAttempts: number; readonly maxBatch: number; readonly maxLeaseMs: number }
}

/** The manifest: a constant of this release and the options it was opened with. */
export function createCapabilities(options: CapabilityOptions): StoreCapabilities {
  return deepFreeze({
    store: { name: PACKAGE_NAME, version: PACKAGE_VERSION },
    transactions: {
      isolation: 'read-committed',
      readIsolation: 'snapshot',
      maxNesting: MAX_NESTING,
      deadlines: 'client-and-server',
      defaultTimeoutMs: options.defaultTimeoutMs,
      maxTimeoutMs: MAX_TIMEOUT_MS,
    },
    idempotency: { retentionMs: options.idempotencyRetentionMs },
    durability: { durable: true, shared: true, multiProcess: true },
    tenancy: { enforcement: 'engine-and-store' },
    audit: { appendOnly: 'engine' },
    outbox: { ...options.outbox },
    schema: { migrated: true },
  })
}
