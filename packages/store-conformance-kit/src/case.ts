import type { RuleId, StoreCapabilities, UserEngineStore } from '@user-engine/store-protocol'
import type { Race } from './calibration/race.ts'
import type { Check } from './check.ts'
import type { BackendControl, ConformanceHarness, HarnessVerb } from './harness.ts'
import type { DisturbedNetwork } from './network/disturbed-network.ts'
import type { MigrationProcess, StoreProcess } from './processes/store-process.ts'
import type { RecordMaker } from './records.ts'

/** What was done to a backend to show that it keeps what it acknowledged [LIF-03]. */
export const DURABILITY_TIERS = ['D0', 'D1', 'D2', 'D3'] as const

export type DurabilityTier = (typeof DURABILITY_TIERS)[number]

/** What a case works with. Everything it opens is closed after it, also when it fails. */
export interface CaseContext {
  readonly check: Check
  readonly capabilities: StoreCapabilities
  /** A namespace of this case's own. */
  readonly namespace: string
  /** Opens a store on the namespace of the case, or on another one; it is closed after the case. */
  open(options?: { readonly maxConnections?: number; readonly namespace?: string }): Promise<UserEngineStore>
  /** A second namespace, empty and destroyed after the case: for cases that compare two. */
  anotherNamespace(): Promise<string>
  /** Opens two stores where the manifest says that they share a backend, else one: for cases about competition. */
  openAll(): Promise<readonly [UserEngineStore, ...UserEngineStore[]]>
  /**
   * Runs calls that race each other, as often as it takes to catch a store that is known to lose them: the store under
   * test, broken on purpose. How often that was is in the report.
   */
  race(race: Race): Promise<void>
  /** Opens an empty reference store; whoever opens it closes it. */
  reference(): Promise<UserEngineStore>
  /** Starts another process with a store of its own on the namespace; it is killed after the case. For cases that need `processes`. */
  startProcess(): Promise<StoreProcess>
  /** Starts another process that migrates a namespace; it is killed after the case. For cases that need `processes`. */
  startMigration(namespace: string): Promise<MigrationProcess>
  /**
   * Opens a store whose network to the backend the case disturbs; both are closed after the case. For cases that need
   * `network`.
   */
  openThroughNetwork(): Promise<{ readonly store: UserEngineStore; readonly network: DisturbedNetwork }>
  /** The faults of the backend; they are taken back after the case. For cases that need `backend`. */
  readonly backend: BackendControl
  readonly tenantLayers: NonNullable<ConformanceHarness['tenantLayers']>
  readonly engineAudit: NonNullable<ConformanceHarness['engineAudit']>
  /** The migrations; namespaces that are made with it are destroyed after the case. */
  readonly migrations: NonNullable<ConformanceHarness['migrations']>
  readonly make: RecordMaker
  /** Numbers from 0 to below 1, from the seed. */
  readonly random: () => number
  /** Adds a fact to the report, for example how much contention there was. */
  note(text: string): void
}

/** What is said of a case before it runs. */
export interface CaseFacts {
  /** `<rule>.<what-it-shows>`: stable, never reused. */
  readonly id: `${RuleId}.${string}`
  /** The rules it is evidence for, the first one first in its id. */
  readonly rules: readonly [RuleId, ...RuleId[]]
  /** What is true when it passes, as a sentence. */
  readonly title: string
  /** What the harness must offer for it, beyond the verbs of every harness of its kind. */
  readonly needs?: readonly string[]
  /** The tier of durability that it really runs. */
  readonly tier?: DurabilityTier
  /**
   * The version of the kit that brought it, when it was not the first of its line of breaking releases: until the next
   * one the case is advisory, and a store that fails it keeps its verdict.
   */
  readonly since?: string
  /** How long it may take, in milliseconds, when that is more than the run allows by default. */
  readonly timeoutMs?: number
}

/** One conformance case, as data: what it works with and what it is judged by is of the kind of thing it judges. */
export interface SubjectCase<Context, Manifest> extends CaseFacts {
  /** Says why the case does not apply to something with this manifest, naming the answer; `null` when it applies. */
  readonly notFor?: (manifest: Manifest) => string | null
  run(context: Context): Promise<void>
}

/** A case about a store. */
export interface ConformanceCase extends SubjectCase<CaseContext, StoreCapabilities> {
  readonly needs?: readonly HarnessVerb[]
}

/** Skips a case for stores that are not durable. */
export function onlyDurable({ durability }: StoreCapabilities): string | null {
  return durability.durable ? null : 'durability.durable is false'
}

/** Skips a case for stores whose instances do not share a backend. */
export function onlyShared({ durability }: StoreCapabilities): string | null {
  return durability.shared ? null : 'durability.shared is false'
}

/** Skips a case for stores that only one process can use. */
export function onlyMultiProcess({ durability }: StoreCapabilities): string | null {
  return durability.multiProcess ? null : 'durability.multiProcess is false'
}

/** Skips a case for stores without a network between them and what they keep. */
export function onlyRemote(capabilities: StoreCapabilities): string | null {
  return onlyDurable(capabilities) ?? onlyMultiProcess(capabilities)
}

/** Skips a case for stores without a schema that is migrated. */
export function onlyMigrated({ schema }: StoreCapabilities): string | null {
  return schema.migrated ? null : 'schema.migrated is false'
}

/** Skips a case for stores whose engine does not enforce the tenant boundary. */
export function onlyEnforced({ tenancy }: StoreCapabilities): string | null {
  return tenancy.enforcement === 'engine-and-store' ? null : 'tenancy.enforcement is store'
}

/** Skips a case for stores that give up on an event before it was handed over this often. */
export function onlyWithAttempts(attempts: number): (capabilities: StoreCapabilities) => string | null {
  return ({ outbox }) =>
    outbox.maxAttempts >= attempts ? null : `outbox.maxAttempts is ${outbox.maxAttempts}, below ${attempts}`
}
