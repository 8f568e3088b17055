import type { MemoryBackend } from '@user-engine/store-memory'
import { createMemoryStore } from '@user-engine/store-memory'
import type { RuleId, UserEngineStore } from '@user-engine/store-protocol'

/** How a store of the proof is opened on a namespace. */
export type Open = (backend: MemoryBackend) => UserEngineStore

/** The reference store with one rule broken. */
export interface BrokenStore {
  /** Says what is wrong, as a name. */
  readonly id: string
  /** The rule that is broken: at least one failing case must be evidence for it. */
  readonly breaks: RuleId
  /** What the store does, as a sentence. */
  readonly title: string
  readonly open: Open
}

/** A store that does something unusual and breaks no rule. */
export interface OddStore {
  readonly id: string
  readonly title: string
  readonly open: Open
}

/** Makes a broken store of the reference store and one change. */
export function broken(
  breaks: RuleId,
  id: string,
  title: string,
  change: (store: UserEngineStore) => UserEngineStore,
): BrokenStore {
  return { breaks, id, title, open: (backend) => change(createMemoryStore({ backend })) }
}
