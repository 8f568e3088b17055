import type { UserEngineStore } from '@user-engine/store-protocol'

/** The faults a kit may cause in the backend that all namespaces share. */
export interface BackendControl {
  /** Ends every process of the backend at once. */
  kill(): Promise<void>
  /** Starts it again on the same data. */
  start(): Promise<void>
  /** Stops it in its tracks: connections hang. */
  pause(): Promise<void>
  resume(): Promise<void>
}

/** Looks past the store, one layer of the tenant boundary at a time. */
export interface TenantLayers {
  /** A store on the namespace with the engine's enforcement switched off: only the store's own predicates hold. */
  openWithoutEngine(namespace: string): Promise<UserEngineStore>
  /**
   * How many rows of each tenant table the engine shows to a caller who acts for this tenant and forgets every
   * predicate; `null` is a caller who forgot the tenant as well.
   */
  countWithoutPredicates(
    namespace: string,
    tenantId: string | null,
  ): Promise<Readonly<Record<string, number>>>
}

/** Tries to change an audit record past the store, with the strongest login the service is given. */
export interface EngineAudit {
  tryUpdate(namespace: string, auditId: string): Promise<'refused' | 'changed'>
  tryDelete(namespace: string, auditId: string): Promise<'refused' | 'changed'>
}

/**
 * Ways to damage a migration history: a known migration not applied, a newer one this release cannot live with, one
 * that began and did not end, tables without a history, an edited one, and one that this release does not have.
 */
export const HISTORY_DAMAGES = ['behind', 'ahead', 'dirty', 'unknown', 'edited', 'missing'] as const

export type HistoryDamage = (typeof HISTORY_DAMAGES)[number]

export interface MigrationControl {
  /** A namespace that no migration has touched. */
  emptyNamespace(): Promise<string>
  migrate(namespace: string): Promise<{ readonly applied: readonly string[] }>
  damage(namespace: string, damage: HistoryDamage): Promise<void>
}

/** Opens stores in other processes, which the kit starts and kills. */
export interface ProcessControl {
  /**
   * A module whose default export, `async (handOver) => store`, opens the store in another process. Where the manifest
   * says `schema.migrated` it exports `migrate` as well: `async (handOver) => ({ applied })`, the names of what it applied.
   */
  readonly module: URL
  /** The flags of Node for it; default: those of this process. */
  readonly execArgv?: readonly string[]
  /** What another process needs to open the namespace, as JSON: handed over in a message, seen by nobody else. */
  handOver(namespace: string): Promise<unknown>
}

/** Where something listens. */
export interface NetworkAddress {
  readonly host: string
  readonly port: number
}

/** Lets the kit stand between a store and its backend, to lose what is on its way. */
export interface NetworkControl {
  /** Where the backend of a namespace listens: the kit forwards to it, and knows nothing of its protocol. */
  backendAddress(namespace: string): Promise<NetworkAddress>
  /** Opens the store as it is shipped, with this address in the place of the backend's. */
  openThrough(namespace: string, address: NetworkAddress): Promise<UserEngineStore>
}

/** What a harness of every kind has. */
export interface AnyHarness {
  /** Names the run in the report. */
  readonly name: string
  /** Called once, after the run: ends what the harness module started, such as a server. */
  dispose?(): Promise<void>
  /** What it runs on, with its version, for the report; must not hold a secret. */
  backendVersion?(): Promise<string>
}

/**
 * What a platform team writes to have its store judged: how to get a namespace, and the store itself. Nothing here
 * goes through the store under test but `open`.
 */
export interface ConformanceHarness extends AnyHarness {
  /** A fresh, empty namespace that shares nothing with others; migrated if the store needs that. */
  freshNamespace(): Promise<string>
  destroyNamespace(namespace: string): Promise<void>
  /** Opens the store as it is shipped; the kit never wraps it. */
  open(namespace: string, options?: { readonly maxConnections?: number }): Promise<UserEngineStore>
  /**
   * Opens an empty reference store, which knows what random transactions come to: `createMemoryStore()` of
   * `@user-engine/store-memory`. It is never the store under test.
   */
  reference(): Promise<UserEngineStore>
  /** Needed when the manifest says `durability.durable` [LIF-02, LIF-03]. */
  readonly backend?: BackendControl
  /** Needed when the manifest says `durability.multiProcess` [LIF-01, LIF-03]. */
  readonly processes?: ProcessControl
  /** Needed when the manifest says `durability.durable` and `durability.multiProcess`: there is a network [TXN-04]. */
  readonly network?: NetworkControl
  /** Needed when the manifest says `tenancy.enforcement: 'engine-and-store'` [TEN-06]. */
  readonly tenantLayers?: TenantLayers
  /** Needed when the manifest says `audit.appendOnly: 'engine'` [AUD-01]. */
  readonly engineAudit?: EngineAudit
  /** Needed when the manifest says `schema.migrated` [MIG-02 to MIG-05]. */
  readonly migrations?: MigrationControl
}

/** The verbs a case may need beyond the four that every harness has. */
export type HarnessVerb = 'backend' | 'processes' | 'network' | 'tenantLayers' | 'engineAudit' | 'migrations'

/** Gives a harness its type where it is written. */
export function defineHarness(harness: ConformanceHarness): ConformanceHarness {
  return harness
}
