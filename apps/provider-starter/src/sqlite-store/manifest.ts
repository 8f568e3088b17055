import { deepFreeze, type StoreCapabilities } from '@user-engine/store-protocol'

/** What this store promises, and what it does not [SHP-04]. */
export const CAPABILITIES: StoreCapabilities = deepFreeze({
  store: { name: 'provider-starter-sqlite', version: '0.1.0' },
  transactions: {
    // One writer at a time, from its first statement on; a read sees the end of some transaction and no middle.
    isolation: 'serializable',
    readIsolation: 'serializable',
    maxNesting: 32,
    // SQLite runs inside this process: there is no server on which anything could go on.
    deadlines: 'client',
    defaultTimeoutMs: 5_000,
    maxTimeoutMs: 600_000,
  },
  idempotency: { retentionMs: null },
  durability: {
    // A commit is in the file when it is acknowledged, and the end of a process loses none. But there is no backend
    // apart from the process that could be killed or paused, so that nobody can show the rest of what this claims.
    durable: false,
    shared: true,
    // The files allow several processes, which then take turns; the cases about them expect writers that overlap.
    multiProcess: false,
  },
  tenancy: { enforcement: 'store' },
  // Triggers refuse; a login that may change the schema could drop them.
  audit: { appendOnly: 'engine' },
  outbox: { maxAttempts: 10, maxBatch: 500, maxLeaseMs: 3_600_000 },
  schema: { migrated: false },
})
