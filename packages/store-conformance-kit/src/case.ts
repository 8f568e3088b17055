import type { RuleId, StoreCapabilities, UserEngineStore } from '@user-engine/store-protocol'
import type { Check } from './check.ts'
import type { ConformanceHarness, HarnessVerb } from './harness.ts'
import type { RecordMaker } from './records.ts'

/** What a case works with. Everything it opens is closed after it, also when it fails. */
export interface CaseContext {
  readonly check: Check
  readonly capabilities: StoreCapabilities
  readonly harness: ConformanceHarness
  /** A namespace of this case's own. */
  readonly namespace: string
  /** Opens a store on the namespace of the case, or on another one. */
  open(options?: { readonly maxConnections?: number; readonly namespace?: string }): Promise<UserEngineStore>
  readonly make: RecordMaker
  /** Numbers from 0 to below 1, from the seed. */
  readonly random: () => number
  /** Adds a fact to the report, for example which tier was run. */
  note(text: string): void
}

/** One conformance case, as data. */
export interface ConformanceCase {
  /** `<rule>.<what-it-shows>`: stable, never reused. */
  readonly id: `${RuleId}.${string}`
  /** The rules it is evidence for, the first one first in its id. */
  readonly rules: readonly [RuleId, ...RuleId[]]
  /** What a conformant store does, as a sentence. */
  readonly title: string
  /** Says why the case does not apply to a store with this manifest, naming the capability; `null` when it applies. */
  readonly notFor?: (capabilities: StoreCapabilities) => string | null
  /** What the harness must offer for it, beyond the four verbs of every harness. */
  readonly needs?: readonly HarnessVerb[]
  /** How long it may take, in milliseconds, when that is more than the run allows by default. */
  readonly timeoutMs?: number
  run(context: CaseContext): Promise<void>
}

/** Skips a case for stores that are not durable. */
export function onlyDurable({ durability }: StoreCapabilities): string | null {
  return durability.durable ? null : 'durability.durable is false'
}

/** Skips a case for stores whose instances do not share a backend. */
export function onlyShared({ durability }: StoreCapabilities): string | null {
  return durability.shared ? null : 'durability.shared is false'
}

/** Skips a case for stores without a schema that is migrated. */
export function onlyMigrated({ schema }: StoreCapabilities): string | null {
  return schema.migrated ? null : 'schema.migrated is false'
}
