import {
  type CapabilityDescription,
  type ConnectionLease,
  LEASE_ROLES,
  type LeaseRole,
  type PostgresCapability,
} from '@user-engine/store-protocol'

/** A capability as data, for another process. */
export interface HandOver {
  readonly description: CapabilityDescription
  readonly leases: { readonly [Role in LeaseRole]: ConnectionLease }
}

export async function handOverOf(capability: PostgresCapability): Promise<HandOver> {
  const leases = await Promise.all(
    LEASE_ROLES.map(async (role) => {
      const lease = await capability.lease(role)
      const { password } = lease
      return [
        role,
        { ...lease, password: typeof password === 'string' ? password : await password() },
      ] as const
    }),
  )
  return {
    description: await capability.describe(),
    leases: Object.fromEntries(leases) as unknown as HandOver['leases'],
  }
}

/** The capability that was handed over; its leases do not change. */
export function capabilityOf({ description, leases }: HandOver): PostgresCapability {
  return { describe: async () => description, lease: async (role) => leases[role] }
}
