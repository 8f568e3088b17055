import { createLocalProvider } from '@user-engine/provider-local'
import type { ConformanceHarness } from '@user-engine/store-conformance-kit'
import { createMemoryStore } from '@user-engine/store-memory'
import { createPostgresHarness } from '@user-engine/store-postgres/conformance'
import { handOverDatabase } from '../src/postgres-provider/handed-over-database.ts'

/** What this platform runs. */
const SERVER_MAJOR = 15

// biome-ignore lint/style/noDefaultExport: the command line of the kit takes the default export of a module.
export default openHarness

/**
 * What this platform hands over, judged with the store that user-engine ships. A real platform puts its own server
 * where the embedded one of provider-local stands, and its own way to kill and pause it.
 */
async function openHarness(): Promise<ConformanceHarness> {
  const server = await createLocalProvider({ backend: 'embedded', major: SERVER_MAJOR })
  return await createPostgresHarness({
    name: `what acme-platform hands over, on ${server.backend.description}`,
    createDatabase: (request) => handOverDatabase(server.serverHandle.admin, request),
    reference: async () => createMemoryStore(),
    backend: server.faults,
    backendVersion: async () => `Postgres ${server.backend.serverVersion}`,
    dispose: () => server.stop(),
  })
}
