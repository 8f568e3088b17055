/** What a readiness check found out. */
export interface ReadinessCheck {
  /**
   * A stable name of what was checked: lower-case letters, digits, dots and dashes, for example `schema.behind`. One of them
   * says `reachable`, one `outbox`, one `schema` where the manifest says `schema.migrated`, and one `tenancy` where it says
   * `engine-and-store`. Dead letters are a warning, not a failure.
   */
  readonly code: string
  readonly status: 'pass' | 'warn' | 'fail'
  /** What it means, without any value that is secret or personal [DIA-02]. */
  readonly summary: string
  /** What to do about it; `null` for a check that passed. */
  readonly remedy: string | null
}

/** Whether a store may be given work [MIG-01]. `degraded` serves, with at least one warning. */
export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'not-ready'
  readonly checks: readonly ReadinessCheck[]
}

/** The readiness that a set of checks amounts to. */
export function readinessOf(checks: readonly ReadinessCheck[]): Readiness {
  const has = (status: ReadinessCheck['status']) => checks.some((check) => check.status === status)
  return { status: has('fail') ? 'not-ready' : has('warn') ? 'degraded' : 'ready', checks }
}

/** Where the backend's schema stands against the one this store was built for [MIG-02]. */
export interface SchemaVersion {
  readonly state: 'current' | 'behind' | 'ahead' | 'dirty' | 'unknown'
  /** The newest version this store knows. */
  readonly expected: string
  /** The newest version found; `null` when there is none. */
  readonly found: string | null
}
