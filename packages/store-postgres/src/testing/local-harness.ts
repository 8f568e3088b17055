import type { LocalProvider } from '@user-engine/provider-local'
import { createMemoryStore } from '@user-engine/store-memory'
import type { PostgresCapability } from '@user-engine/store-protocol'
import { createPostgresHarness, type PostgresHarness } from '../conformance/postgres-harness.ts'

/** The conformance harness over a local provider. */
export function createLocalHarness(
  provider: LocalProvider,
  options: {
    readonly withFaults: boolean
    /** What stands between the provider's capability and the store; default: nothing. */
    readonly handed?: (capability: PostgresCapability) => PostgresCapability
  },
): Promise<PostgresHarness> {
  const { withFaults, handed = (capability: PostgresCapability) => capability } = options
  let hasTemplate = false
  return createPostgresHarness({
    name: `store-postgres on ${provider.backend.description}`,
    async createDatabase(request) {
      const database = await provider.provisionDatabase(request)
      // The first is migrated and then copied, and nobody may be connected to it: a pooler would be.
      const capability = hasTemplate ? handed(database.capability) : database.capability
      hasTemplate = true
      return {
        capability,
        query: (sql) => database.query(sql),
        drop: () => provider.dropDatabase(request.name),
      }
    },
    reference: async () => createMemoryStore(),
    execArgv: ['--disable-warning=ExperimentalWarning', '--conditions=@user-engine/source'],
    ...(withFaults ? { backend: provider.faults } : {}),
  })
}
