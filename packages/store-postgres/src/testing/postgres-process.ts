// What the conformance kit opens in another process.
import type { UserEngineStore } from '@user-engine/store-protocol'
import { createPostgresStore } from '../create-postgres-store.ts'
import { capabilityOf, type HandOver } from './hand-over.ts'

// biome-ignore lint/style/noDefaultExport: the kit calls the default export of this module.
export default async function openStore(handOver: HandOver): Promise<UserEngineStore> {
  return await createPostgresStore({ capability: capabilityOf(handOver) })
}
