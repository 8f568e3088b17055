import { deepFreeze, type StoreCapabilities } from '@user-engine/store-protocol'

/** How deep transactions may be nested [TXN-05]. */
export const MAX_NESTING = 64

/** The longest time limit a caller may ask for, in milliseconds. */
export const MAX_TIMEOUT_MS = 60_000

/** The version in package.json, which a test compares. */
const VERSION = '0.1.0'

/** What can be set about a store. */
export interface StoreLimits {
  readonly defaultTimeoutMs: number
  readonly outbox: StoreCapabilities['outbox']
}

/** The manifest of a memory store [SHP-04]. */
export function createCapabilities({ defaultTimeoutMs, outbox }: StoreLimits): StoreCapabilities {
  return deepFreeze({
    store: { name: '@user-engine/store-memory', version: VERSION },
    transactions: {
      isolation: 'read-committed',
      readIsolation: 'snapshot',
      maxNesting: MAX_NESTING,
      deadlines: 'client',
      defaultTimeoutMs,
      maxTimeoutMs: MAX_TIMEOUT_MS,
    },
    idempotency: { retentionMs: null },
    durability: { durable: false, shared: true, multiProcess: false },
    tenancy: { enforcement: 'store' },
    audit: { appendOnly: 'store' },
    outbox: { ...outbox },
    schema: { migrated: false },
  } as const satisfies StoreCapabilities)
}
