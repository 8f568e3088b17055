import type {
  CapabilityDescription,
  ConnectionLease,
  LeaseRole,
  PostgresCapability,
} from '@user-engine/store-protocol'
import type { SubjectCase } from '../case.ts'
import type { Check } from '../check.ts'
import type { CapabilitySession, CapabilityVerb, Installations } from './harness.ts'
import type { CapabilityManifest } from './manifest.ts'

/** What a case about a capability works with. Every session it opens is ended after it, also when it fails. */
export interface CapabilityContext {
  readonly check: Check
  readonly capability: PostgresCapability
  /** What the capability said before the first case. */
  readonly manifest: CapabilityManifest
  /** What the capability says now. */
  describe(): Promise<CapabilityDescription>
  /** The lease that the capability hands out now. */
  lease(role: LeaseRole): Promise<ConnectionLease>
  /** Opens a session with a lease; rejects with what the harness says when there is none. */
  connect(lease: ConnectionLease): Promise<CapabilitySession>
  /** Opens a session of a role, of another capability if one is given. Where there is none the case cannot be judged. */
  open(role: LeaseRole, capability?: PostgresCapability): Promise<CapabilitySession>
  /** Opens a session of a role with a lease of it, likewise: for sessions that must have the same login. */
  openWith(lease: ConnectionLease, role: LeaseRole): Promise<CapabilitySession>
  rotate(): Promise<void>
  restore(): Promise<void>
  readonly installations: Installations
  /** Adds a fact to the report. */
  note(text: string): void
}

/** A case about what a provider hands over. */
export interface CapabilityCase extends SubjectCase<CapabilityContext, CapabilityManifest> {
  readonly needs?: readonly CapabilityVerb[]
}

/** Skips a case for what has no pooler in transaction mode. */
export function onlyTransactionMode({ pooler }: CapabilityManifest): string | null {
  return pooler.mode === 'transaction' ? null : `pooler.mode is ${pooler.mode}`
}

/** Skips a case about sessions for a pooler that keeps none. */
export function onlySessions({ pooler }: CapabilityManifest): string | null {
  return pooler.mode === 'transaction' ? 'pooler.mode is transaction' : null
}
