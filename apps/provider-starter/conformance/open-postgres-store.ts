import {
  type CapabilityDescription,
  type ConnectionLease,
  createPostgresStore,
  type LeaseRole,
} from '@user-engine/store-postgres'
import type { UserEngineStore } from '@user-engine/store-protocol'

/** A capability as plain data, which can be handed over to another process. */
export interface HandedOverData {
  readonly description: CapabilityDescription
  readonly leases: { readonly [Role in LeaseRole]: ConnectionLease }
}

/** Opens the store of a handed-over database in another process, for the cases about several of them. */
// biome-ignore lint/style/noDefaultExport: the kit takes the default export of a module.
export default async function openPostgresStore(handOver: unknown): Promise<UserEngineStore> {
  const { description, leases } = handOver as HandedOverData
  return await createPostgresStore({
    capability: { describe: async () => description, lease: async (role) => leases[role] },
  })
}
