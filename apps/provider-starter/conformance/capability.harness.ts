import { createLocalProvider } from '@user-engine/provider-local'
import { type CapabilityHarness, defineCapabilityHarness } from '@user-engine/store-conformance-kit'
import { migrate, type PostgresCapability } from '@user-engine/store-postgres'
import { openLeaseSession } from '@user-engine/store-postgres/conformance'
import { type HandedOverDatabase, handOverDatabase } from '../src/postgres-provider/handed-over-database.ts'

const NAME = 'acme_users'
/** Short, so that its end can be seen. */
const DRAIN_MS = 1_000

// biome-ignore lint/style/noDefaultExport: the command line of the kit takes the default export of a module.
export default openHarness

/**
 * What this platform hands over, judged from outside: logins, policies, leases, rotation, epoch. A real platform puts the
 * database of a staging environment here, with its own ways to rotate credentials and to restore.
 */
async function openHarness(): Promise<CapabilityHarness> {
  const server = await createLocalProvider({ backend: 'embedded' })
  const { admin } = server.serverHandle
  const handOver = (request: {
    readonly name: string
    readonly schema?: string
    readonly template?: string
  }) => handOverDatabase(admin, { ...request, drainMs: DRAIN_MS })
  let database: HandedOverDatabase = await handOver({ name: NAME })
  await migrate({ capability: database.capability })
  // One object for as long as the platform lives, whatever it leads to.
  const capability: PostgresCapability = {
    describe: () => database.capability.describe(),
    lease: (role) => database.capability.lease(role),
  }
  return defineCapabilityHarness({
    name: `what acme-platform hands over, on ${server.backend.description}`,
    capability,
    connect: openLeaseSession,
    rotate: () => database.rotate(),
    async restore() {
      const backup = await handOver({ name: `${NAME}_backup`, template: NAME })
      await database.drop()
      database = await handOver({ name: NAME, template: backup.name })
      await backup.drop()
    },
    installations: {
      another: async () => (await handOver({ name: NAME, schema: 'another' })).capability,
      migrate: (of) => migrate({ capability: of }),
    },
    backendVersion: async () => `Postgres ${server.backend.serverVersion}`,
    dispose: () => server.stop(),
  })
}
