// What the conformance kit opens in another process.
import type { UserEngineStore } from '@user-engine/store-protocol'
import { createPostgresStore } from '../create-postgres-store.ts'
import { migrate as migrateSchema } from '../migrations/migrate.ts'
import { capabilityOf, type HandOver } from './handed-over.ts'

/** What opens a store of the same kind elsewhere. */
export interface StoreHandOver extends HandOver {
  readonly connections?: { readonly maxConnections: number; readonly maxRelayConnections: number }
}

// biome-ignore lint/style/noDefaultExport: the kit calls the default export of this module.
export default async function openStore({
  connections,
  ...handOver
}: StoreHandOver): Promise<UserEngineStore> {
  return await createPostgresStore({ capability: capabilityOf(handOver), ...connections })
}

export async function migrate(handOver: HandOver): Promise<{ readonly applied: readonly string[] }> {
  return await migrateSchema({ capability: capabilityOf(handOver) })
}
