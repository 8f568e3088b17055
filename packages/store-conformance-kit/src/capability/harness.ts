import type { ConnectionLease, PostgresCapability } from '@user-engine/store-protocol'
import type { AnyHarness } from '../harness.ts'

/** One statement with its parameters (`$1`, …). With a name it is prepared under that name, as a driver does it. */
export interface SqlStatement {
  readonly text: string
  readonly values?: readonly (string | null)[]
  readonly name?: string
}

/** A session: one connection of one login, from its opening to its end. */
export interface CapabilitySession {
  /** Rejects with an error whose `code` is the SQLSTATE where the server said no. */
  query(statement: SqlStatement): Promise<readonly Readonly<Record<string, unknown>>[]>
  end(): Promise<void>
}

/** Other installations of user-engine on the same server. */
export interface Installations {
  /** Hands over another schema, in the same database where the provider can do that; not migrated. */
  another(): Promise<PostgresCapability>
  /** Runs the migrations of user-engine with what was handed over: `migrate` of `@user-engine/store-postgres`. */
  migrate(capability: PostgresCapability): Promise<unknown>
}

/**
 * What a provider writes to have its Postgres judged: what it hands over, and a way to open sessions. The kit knows no
 * driver.
 */
export interface CapabilityHarness extends AnyHarness {
  readonly subject: 'postgres-capability'
  /** What is handed over, of a database that was migrated. */
  readonly capability: PostgresCapability
  /** Opens a session with a lease, exactly as the store does: `openLeaseSession` of `@user-engine/store-postgres/conformance`. */
  connect(lease: ConnectionLease): Promise<CapabilitySession>
  /** Makes the provider hand out newer leases from now on, as it does before the old ones end [CAP-04]. */
  rotate?(): Promise<void>
  /**
   * Restores the database from a backup, as the provider does it; the capability leads to the restored one from then on
   * [CAP-06]. Nothing else uses the database meanwhile.
   */
  restore?(): Promise<void>
  readonly installations?: Installations
}

/** The verbs that a case about a capability may need. */
export type CapabilityVerb = 'rotate' | 'restore' | 'installations'

/** Makes a harness about what a provider hands over. */
export function defineCapabilityHarness(harness: Omit<CapabilityHarness, 'subject'>): CapabilityHarness {
  return { ...harness, subject: 'postgres-capability' }
}

export function isCapabilityHarness(harness: object): harness is CapabilityHarness {
  return 'subject' in harness && harness.subject === 'postgres-capability'
}
