/** How isolated transactions of a store are from each other. */
export const ISOLATION_LEVELS = ['read-committed', 'snapshot', 'serializable'] as const

export type IsolationLevel = (typeof ISOLATION_LEVELS)[number]

/**
 * What a store can do, as data: complete, frozen after creation, the same for every instance on one backend. The
 * conformance kit tests both answers of every question: a `false` is a documented refusal, not a gap.
 */
export interface StoreCapabilities {
  /** Which implementation this is. */
  readonly store: { readonly name: string; readonly version: string }

  readonly transactions: {
    /** What does a transaction see of others while it runs? Lost updates are excluded by versions at every level [TXN-07]. */
    readonly isolation: IsolationLevel
    /** What does a `read` see? All its calls see one moment; weaker than `snapshot` is not conformant [TXN-07]. */
    readonly readIsolation: 'snapshot' | 'serializable'
    /** How deep may transactions be nested? At least 8 [TXN-05]. */
    readonly maxNesting: number
    /** Where does a time limit hold? `client` means that abandoned work may still run on the backend [TXN-11]. */
    readonly deadlines: 'client' | 'client-and-server'
    /** The time limit of a unit of work that names none, in milliseconds. */
    readonly defaultTimeoutMs: number
    /** The longest time limit a caller may ask for, in milliseconds. */
    readonly maxTimeoutMs: number
  }

  readonly idempotency: {
    /** How long is the first result of a key kept, in milliseconds? `null` is for as long as the store lives [TXN-04]. */
    readonly retentionMs: number | null
  }

  readonly durability: {
    /** Does an acknowledged commit survive the end of the process? If false, the kit skips the crash tiers and says so [LIF-03]. */
    readonly durable: boolean
    /** Do two stores opened on one backend see each other's commits? If false, `open` twice gives two worlds [LIF-01]. */
    readonly shared: boolean
    /** May those stores live in different processes? */
    readonly multiProcess: boolean
  }

  readonly tenancy: {
    /** Who enforces the tenant boundary? `store` means by the store's own code alone [TEN-06]. */
    readonly enforcement: 'store' | 'engine-and-store'
  }

  readonly audit: {
    /** Who refuses a change to an audit record? `store` means that no method offers it [AUD-01]. */
    readonly appendOnly: 'store' | 'engine'
  }

  readonly outbox: {
    /** After how many attempts does an event that is not acknowledged go to the dead letters [OBX-07]? */
    readonly maxAttempts: number
    /** The largest batch one claim may ask for. */
    readonly maxBatch: number
    /** The longest lease a consumer may ask for, in milliseconds. */
    readonly maxLeaseMs: number
  }

  readonly schema: {
    /** Does the store keep a schema that is migrated? If false, `schemaVersion()` is `current` for ever [MIG-02]. */
    readonly migrated: boolean
  }
}
