import {
  type CapabilityDescription,
  type ConnectionLease,
  createPostgresStore,
  type LeaseRole,
  migrate as migrateSchema,
  type PostgresCapability,
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
  return await createPostgresStore({ capability: capabilityOf(handOver) })
}

/** Migrates a handed-over database in another process. */
export async function migrate(handOver: unknown): Promise<{ readonly applied: readonly string[] }> {
  return await migrateSchema({ capability: capabilityOf(handOver) })
}

function capabilityOf(handOver: unknown): PostgresCapability {
  const { description, leases } = handOver as HandedOverData
  return { describe: async () => description, lease: async (role) => leases[role] }
}
