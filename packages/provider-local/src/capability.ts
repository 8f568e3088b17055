// What this provider hands over. The shapes are those that a consumer of the capability documents; they are declared
// here again because a provider depends on no package of its consumers.

export type LeaseRole = 'runtime' | 'relay' | 'migration'

/** A credential for a time. */
export interface ConnectionLease {
  readonly leaseId: string
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string | (() => Promise<string>)
  readonly tls: LeaseTls
  /** When the credential ends, as an ISO-8601 instant; `null`: not before the provider says so. */
  readonly expiresAt: string | null
  /** How long connections opened with it may go on once a newer lease is out, in milliseconds. */
  readonly drainMs: number
}

export type LeaseTls =
  | { readonly mode: 'disable' }
  | { readonly mode: 'verify-full'; readonly ca: string; readonly serverName?: string }

export interface CapabilityDescription {
  readonly provider: { readonly name: string; readonly version: string }
  readonly database: string
  readonly schema: string
  /** Roles without login: the owner of the schema, and those that receive its grants. */
  readonly roles: { readonly owner: string; readonly runtime: string; readonly relay: string }
  readonly pooler: { readonly mode: 'none' | 'session' | 'transaction'; readonly preparedStatements: boolean }
  readonly maxConnections: { readonly runtime: number; readonly relay: number }
  readonly epoch: string
}

/** A Postgres for one consumer: plain data and functions, never a driver object. */
export interface PostgresCapability {
  describe(): Promise<CapabilityDescription>
  lease(role: LeaseRole): Promise<ConnectionLease>
}
