import {
  type CapabilityDescription,
  type ConnectionLease,
  POOLER_MODES,
  type PoolerMode,
} from '@user-engine/store-protocol'
import * as z from 'zod'

/** What a capability says of itself: its description, and what its leases have in common. */
export interface CapabilityManifest {
  readonly provider: CapabilityDescription['provider']
  readonly database: { readonly name: string; readonly schema: string; readonly epoch: string }
  readonly roles: CapabilityDescription['roles']
  readonly pooler: { readonly mode: PoolerMode; readonly preparedStatements: boolean }
  readonly maxConnections: CapabilityDescription['maxConnections']
  readonly leases: {
    /** `verify-full` when one of them says so. */
    readonly tls: ConnectionLease['tls']['mode']
    /** Whether one of them has an end. */
    readonly expire: boolean
  }
}

const text = z.string().min(1)
const connections = z.int().min(1)

/** The form of a capability's manifest. */
export const capabilityManifestSchema: z.ZodType<CapabilityManifest> = z.strictObject({
  provider: z.strictObject({ name: text, version: text }),
  database: z.strictObject({ name: text, schema: text, epoch: text }),
  roles: z.strictObject({ owner: text, runtime: text, relay: text }),
  pooler: z.strictObject({ mode: z.enum(POOLER_MODES), preparedStatements: z.boolean() }),
  maxConnections: z.strictObject({ runtime: connections, relay: connections }),
  leases: z.strictObject({ tls: z.enum(['disable', 'verify-full']), expire: z.boolean() }),
})

export function manifestOf(
  description: CapabilityDescription,
  leases: readonly ConnectionLease[],
): CapabilityManifest {
  const { provider, database, schema, roles, pooler, maxConnections, epoch } = description
  return {
    ...{ provider, database: { name: database, schema, epoch }, roles, pooler, maxConnections },
    leases: {
      tls: leases.some(({ tls }) => tls.mode === 'verify-full') ? 'verify-full' : 'disable',
      expire: leases.some(({ expiresAt }) => expiresAt !== null),
    },
  }
}
