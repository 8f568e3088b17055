import type { ConformanceHarness, NetworkAddress } from '@user-engine/store-conformance-kit'
import type { PostgresCapability } from '@user-engine/store-protocol'
import pg from 'pg'
import { createPostgresStore } from '../create-postgres-store.ts'
import { migrate } from '../migrations/migrate.ts'
import { parseSchemaName } from '../sql/schema-name.ts'
import { countRowsOfTenant } from './count-rows.ts'
import { handOverOf } from './handed-over.ts'
import { historyDamageSql } from './history-damage.ts'

/** A database of a case's own, made by whoever owns the server. */
export interface HarnessDatabase {
  /** What the store is opened with, as in production [CAP-01]. */
  readonly capability: PostgresCapability
  /** Runs SQL on it as the administrator, past the store; rejects when the server refuses it. */
  query(sql: string): Promise<unknown>
  drop(): Promise<void>
}

/** What a provider says so that its Postgres is judged; the rest of a harness follows from it. */
export interface PostgresHarnessOptions
  extends Pick<ConformanceHarness, 'name' | 'reference' | 'dispose' | 'backendVersion' | 'backend'> {
  /** Makes a database: an empty one, or a copy of the one of that name. Names are lower-case identifiers. */
  createDatabase(request: { readonly name: string; readonly template?: string }): Promise<HarnessDatabase>
  /** The flags of Node for other processes; default: those of this process. */
  readonly execArgv?: readonly string[]
}

/** A harness whose namespaces are databases. */
export interface PostgresHarness extends ConformanceHarness {
  /** The database of a namespace, for cases of one's own that look past the store. */
  databaseOf(namespace: string): HarnessDatabase
}

// Beside this module as a source; a built package has this module in a file at its root.
const PROCESS_MODULE = new URL(
  import.meta.url.endsWith('.ts') ? './store-process.ts' : './conformance/store-process.js',
  import.meta.url,
)

let harnesses = 0

/**
 * A conformance harness over the Postgres that a provider hands over: every namespace is a database of its own, copied
 * from one that is migrated. It offers what the manifest of the store asks of a harness, faults only where `backend` is given.
 * @throws UserEngineError what `migrate` throws on the first database.
 */
export async function createPostgresHarness(options: PostgresHarnessOptions): Promise<PostgresHarness> {
  const { createDatabase, execArgv, ...ofHarness } = options
  const databases = new Map<string, HarnessDatabase>()
  harnesses += 1
  const prefix = `ue_${process.pid}_${harnesses}`
  let count = 0
  const create = async (template?: string): Promise<string> => {
    count += 1
    const name = `${prefix}_${count}`
    databases.set(name, await createDatabase({ name, ...(template === undefined ? {} : { template }) }))
    return name
  }
  const databaseOf = (namespace: string): HarnessDatabase => {
    const database = databases.get(namespace)
    if (database === undefined) throw new TypeError(`there is no namespace ${namespace}`)
    return database
  }
  const capabilityOf = (namespace: string) => databaseOf(namespace).capability
  const schemaOf = async (namespace: string) =>
    parseSchemaName((await capabilityOf(namespace).describe()).schema)
  // As the administrator, a superuser: the strongest login there is, which the service is never given.
  const tryChange = async (namespace: string, change: string) =>
    await databaseOf(namespace)
      .query(change.replace(':audit', `${await schemaOf(namespace)}.audit_records`))
      .then(
        () => 'changed' as const,
        () => 'refused' as const,
      )
  const template = await create()
  await migrate({ capability: capabilityOf(template) })

  return {
    ...ofHarness,
    databaseOf,
    freshNamespace: () => create(template),
    async destroyNamespace(namespace) {
      await databaseOf(namespace).drop()
      databases.delete(namespace)
    },
    open: (namespace, openOptions) =>
      createPostgresStore({ capability: capabilityOf(namespace), ...openOptions }),
    processes: {
      module: PROCESS_MODULE,
      ...(execArgv === undefined ? {} : { execArgv }),
      handOver: (namespace) => handOverOf(capabilityOf(namespace)),
    },
    network: {
      async backendAddress(namespace) {
        const { host, port } = await capabilityOf(namespace).lease('runtime')
        return { host, port }
      },
      openThrough: (namespace, address) =>
        createPostgresStore({ capability: through(capabilityOf(namespace), address) }),
    },
    tenantLayers: {
      async openWithoutEngine(namespace) {
        const { user } = await capabilityOf(namespace).lease('runtime')
        await databaseOf(namespace).query(`ALTER ROLE ${pg.escapeIdentifier(user)} BYPASSRLS`)
        return await createPostgresStore({ capability: capabilityOf(namespace) })
      },
      countWithoutPredicates: async (namespace, tenantId) =>
        await countRowsOfTenant(capabilityOf(namespace), await schemaOf(namespace), tenantId),
    },
    engineAudit: {
      tryUpdate: (namespace, id) =>
        tryChange(namespace, `UPDATE :audit SET outcome = 'allowed' WHERE id = '${id}'`),
      tryDelete: (namespace, id) => tryChange(namespace, `DELETE FROM :audit WHERE id = '${id}'`),
    },
    migrations: {
      emptyNamespace: () => create(),
      migrate: (namespace) => migrate({ capability: capabilityOf(namespace) }),
      async damage(namespace, damage) {
        await databaseOf(namespace).query(historyDamageSql(await schemaOf(namespace))[damage])
      },
    },
  }
}

// The certificate is still the server's: its name stays the one that is checked.
function through(capability: PostgresCapability, address: NetworkAddress): PostgresCapability {
  return {
    describe: () => capability.describe(),
    async lease(role) {
      const lease = await capability.lease(role)
      const { host, tls } = lease
      return {
        ...lease,
        ...address,
        tls: tls.mode === 'verify-full' ? { ...tls, serverName: tls.serverName ?? host } : tls,
      }
    },
  }
}
