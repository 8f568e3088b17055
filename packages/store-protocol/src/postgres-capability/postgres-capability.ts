import * as z from 'zod'

/**
 * What a provider hands over so that a store can run on its Postgres: plain data and functions, never a pool or a client
 * [CAP-01]. A pool built by another copy of the driver would silently not be recognised, and one that the store does not
 * own can be neither rotated nor drained.
 */
export interface PostgresCapability {
  /** Facts about what is handed over; they are checked and not assumed [CAP-03]. */
  describe(): Promise<CapabilityDescription>
  /**
   * A connection lease for one role: the current one, or a newer one when the current one is about to end [CAP-04], or leads
   * to a server that is no longer the one. Asked again after connections were lost, at most once a second.
   */
  lease(role: LeaseRole): Promise<ConnectionLease>
}

/**
 * `runtime` serves the domain, `relay` hands over the outbox, `migration` changes the schema. Three logins with
 * three sets of rights [CAP-02].
 */
export const LEASE_ROLES = ['runtime', 'relay', 'migration'] as const

export type LeaseRole = (typeof LEASE_ROLES)[number]

/** What stands between the address of a lease and the server. */
export const POOLER_MODES = ['none', 'session', 'transaction'] as const

export type PoolerMode = (typeof POOLER_MODES)[number]

export interface CapabilityDescription {
  readonly provider: { readonly name: string; readonly version: string }
  readonly database: string
  /** The schema made for user-engine; owned by `roles.owner`, and nothing else lives in it. */
  readonly schema: string
  /**
   * Roles without login that the logins of the leases are members of. They outlive every credential: the owner
   * owns the schema, runtime and relay receive grants from the migrations.
   */
  readonly roles: { readonly owner: string; readonly runtime: string; readonly relay: string }
  readonly pooler: {
    readonly mode: PoolerMode
    /** Whether named prepared statements survive it. */
    readonly preparedStatements: boolean
  }
  /** How many connections one instance of the store may open. `runtime` is at least 2: one is kept for denials [AUD-04]. */
  readonly maxConnections: { readonly runtime: number; readonly relay: number }
  /** Changes after every restore and promotion, and never comes back: what was leased under an older epoch is void [CAP-06]. */
  readonly epoch: string
}

/** A credential for a time. */
export interface ConnectionLease {
  /** Names the lease: one with another address or credential has another name. */
  readonly leaseId: string
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string | (() => Promise<string>)
  readonly tls: LeaseTls
  /** When the credential ends, as an ISO-8601 instant; `null`: not before the provider says so. */
  readonly expiresAt: string | null
  /** How long connections opened with this lease may go on working once a newer lease is out, in milliseconds. */
  readonly drainMs: number
}

/** `verify-full` checks the chain against `ca` and the name against `serverName` (default: the host). */
export type LeaseTls =
  | { readonly mode: 'disable' }
  | { readonly mode: 'verify-full'; readonly ca: string; readonly serverName?: string }

const text = z.string().min(1)

// Both are written as the type itself, so that a field that is added to it and not here does not compile. A provider may say
// more than is asked for; what it says more is not looked at.

export const capabilityDescriptionSchema: z.ZodType<CapabilityDescription> = z.object({
  provider: z.object({ name: text, version: text }),
  database: text,
  schema: text,
  roles: z.object({ owner: text, runtime: text, relay: text }),
  pooler: z.object({ mode: z.enum(POOLER_MODES), preparedStatements: z.boolean() }),
  maxConnections: z.object({ runtime: z.int().min(2), relay: z.int().min(1) }),
  epoch: text,
})

export const connectionLeaseSchema: z.ZodType<ConnectionLease> = z.object({
  leaseId: text,
  host: text,
  port: z.int().min(1).max(65_535),
  database: text,
  user: text,
  password: z.union([
    text,
    z.custom<() => Promise<string>>((value) => typeof value === 'function', {
      error: 'a password, or a function that returns it',
    }),
  ]),
  tls: z.discriminatedUnion('mode', [
    z.object({ mode: z.literal('disable') }),
    z.object({
      mode: z.literal('verify-full'),
      ca: z
        .string()
        .includes('-----BEGIN CERTIFICATE-----', { error: 'certificates of an authority as PEM' }),
      serverName: text.exactOptional(),
    }),
  ]),
  expiresAt: z.iso.datetime({ offset: true, error: 'an ISO-8601 instant, or null' }).nullable(),
  drainMs: z.int().min(0),
})
