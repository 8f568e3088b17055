import { createLocalProvider } from '@user-engine/provider-local'
import { type ConformanceHarness, defineHarness } from '@user-engine/store-conformance-kit'
import { createMemoryStore } from '@user-engine/store-memory'
import { createPostgresStore, migrate, type PostgresCapability } from '@user-engine/store-postgres'
import pg from 'pg'
import { type HandedOverDatabase, handOverDatabase } from '../src/postgres-provider/handed-over-database.ts'
import { HISTORY_DAMAGE_SQL } from './history-damage.ts'
import type { HandedOverData } from './open-postgres-store.ts'
import { countRowsOfTenant } from './tenant-rows.ts'

// biome-ignore lint/style/noDefaultExport: the command line of the kit takes the default export of a module.
export default createPostgresHarness

/**
 * What this platform hands over, judged with the store that user-engine ships. A real platform puts its own server
 * where the embedded one of provider-local stands, and its own way to kill and pause it.
 */
async function createPostgresHarness(): Promise<ConformanceHarness> {
  const server = await createLocalProvider({ backend: 'embedded' })
  const { admin } = server.serverHandle
  const databases = new Map<string, HandedOverDatabase>()
  const handOver = async (options: { readonly template?: string } = {}) => {
    const name = `case_${databases.size + 1}`
    databases.set(name, await handOverDatabase(admin, { name, ...options }))
    return name
  }
  const databaseOf = (namespace: string) => {
    const database = databases.get(namespace)
    if (database === undefined) throw new TypeError(`there is no database ${namespace}`)
    return database
  }
  const capabilityOf = (namespace: string) => databaseOf(namespace).capability
  const change = (namespace: string, sql: string) =>
    databaseOf(namespace)
      .query(sql)
      .then(
        () => 'changed' as const,
        () => 'refused' as const,
      )
  const template = await handOver()
  await migrate({ capability: capabilityOf(template) })

  return defineHarness({
    name: `what acme-platform hands over, on ${server.backend.description}`,
    freshNamespace: () => handOver({ template }),
    destroyNamespace: (namespace) => databaseOf(namespace).drop(),
    open: (namespace, options) => createPostgresStore({ capability: capabilityOf(namespace), ...options }),
    reference: async () => createMemoryStore(),
    dispose: () => server.stop(),
    backendVersion: async () => `Postgres ${server.backend.serverVersion}`,
    backend: server.faults,
    processes: {
      module: new URL('open-postgres-store.ts', import.meta.url),
      handOver: (namespace) => dataOf(capabilityOf(namespace)),
    },
    tenantLayers: {
      async openWithoutEngine(namespace) {
        const { user } = await capabilityOf(namespace).lease('runtime')
        await databaseOf(namespace).query(`ALTER ROLE ${pg.escapeIdentifier(user)} BYPASSRLS`)
        return await createPostgresStore({ capability: capabilityOf(namespace) })
      },
      countWithoutPredicates: (namespace, tenantId) => countRowsOfTenant(capabilityOf(namespace), tenantId),
    },
    // As a superuser: the strongest login there is, which the service is never given.
    engineAudit: {
      tryUpdate: (namespace, id) =>
        change(namespace, `UPDATE user_engine.audit_records SET outcome = 'allowed' WHERE id = '${id}'`),
      tryDelete: (namespace, id) =>
        change(namespace, `DELETE FROM user_engine.audit_records WHERE id = '${id}'`),
    },
    migrations: {
      emptyNamespace: () => handOver(),
      migrate: (namespace) => migrate({ capability: capabilityOf(namespace) }),
      damage: async (namespace, damage) =>
        void (await databaseOf(namespace).query(HISTORY_DAMAGE_SQL[damage])),
    },
  })
}

async function dataOf(capability: PostgresCapability): Promise<HandedOverData> {
  const [runtime, relay, migration] = await Promise.all([
    capability.lease('runtime'),
    capability.lease('relay'),
    capability.lease('migration'),
  ])
  return { description: await capability.describe(), leases: { runtime, relay, migration } }
}
