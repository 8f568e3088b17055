import { createLocalProvider, type LocalProvider } from '@user-engine/provider-local'
import type { ConformanceHarness, NetworkAddress } from '@user-engine/store-conformance-kit'
import { createMemoryStore } from '@user-engine/store-memory'
import { createPostgresHarness, type PostgresHarness } from '@user-engine/store-postgres/conformance'
import type { UserEngineStore } from '@user-engine/store-protocol'

/** The harness of the store on Postgres, on a server of its own that is killed and paused. */
export interface EngineHarness {
  readonly provider: LocalProvider
  readonly harness: PostgresHarness
}

export async function openEngineHarness(): Promise<EngineHarness> {
  const provider = await createLocalProvider({
    backend: 'embedded',
    // Nothing is flushed by chance: the writer of the log sleeps as long as it can.
    settings: { wal_writer_delay: '10s' },
  })
  const harness = await createPostgresHarness({
    name: 'store-postgres, broken',
    async createDatabase(request) {
      const database = await provider.provisionDatabase(request)
      return {
        capability: database.capability,
        query: (sql) => database.query(sql),
        drop: () => provider.dropDatabase(request.name),
      }
    },
    reference: async () => createMemoryStore(),
    backend: provider.faults,
    dispose: () => provider.stop(),
    execArgv: ['--disable-warning=ExperimentalWarning', '--conditions=@user-engine/source'],
  })
  return { provider, harness }
}

/** Every store that the harness opens in this process, changed in one way. */
export function changeOpened(
  harness: PostgresHarness,
  change: (store: UserEngineStore, namespace: string) => UserEngineStore,
): ConformanceHarness {
  const { tenantLayers, network } = harness
  if (tenantLayers === undefined || network === undefined)
    throw new TypeError('the harness of store-postgres offers every verb')
  return {
    ...harness,
    open: async (namespace, options) => change(await harness.open(namespace, options), namespace),
    tenantLayers: {
      ...tenantLayers,
      openWithoutEngine: async (namespace) =>
        change(await tenantLayers.openWithoutEngine(namespace), namespace),
    },
    network: {
      ...network,
      openThrough: async (namespace: string, address: NetworkAddress) =>
        change(await network.openThrough(namespace, address), namespace),
    },
  }
}

/** Every database that the harness makes, with SQL run on it by the administrator. */
export function changeDatabases(harness: PostgresHarness, sql: string): ConformanceHarness {
  return {
    ...harness,
    async freshNamespace() {
      const namespace = await harness.freshNamespace()
      await harness.databaseOf(namespace).query(sql.replaceAll(':database', namespace))
      return namespace
    },
  }
}
