import type { LocalDatabase, LocalProvider } from '@user-engine/provider-local'
import {
  type ConformanceHarness,
  defineHarness,
  type HistoryDamage,
} from '@user-engine/store-conformance-kit'
import { createMemoryStore } from '@user-engine/store-memory'
import pg from 'pg'
import type { PostgresCapability } from '../capability/postgres-capability.ts'
import { createPostgresStore } from '../create-postgres-store.ts'
import { migrate } from '../migrations/migrate.ts'
import { handOverOf } from './hand-over.ts'

const LEDGER = 'user_engine._prisma_migrations'

const DAMAGES: { readonly [Damage in HistoryDamage]: string } = {
  behind: `DELETE FROM ${LEDGER} WHERE migration_name = (SELECT max(migration_name) FROM ${LEDGER})`,
  ahead: `
    INSERT INTO ${LEDGER} (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '99990101000000_future', now());
    UPDATE user_engine.schema_compatibility SET oldest_known_migration = '99990101000000_future'`,
  dirty: `UPDATE ${LEDGER} SET finished_at = NULL WHERE migration_name = (SELECT max(migration_name) FROM ${LEDGER})`,
  unknown: `DROP TABLE ${LEDGER}`,
  edited: `UPDATE ${LEDGER} SET checksum = 'edited' WHERE migration_name = (SELECT min(migration_name) FROM ${LEDGER})`,
  missing: `INSERT INTO ${LEDGER} (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '20200101000000_gone', now())`,
}

export interface PostgresHarness extends ConformanceHarness {
  /** The database of a namespace, for tests that look past the store. */
  databaseOf(namespace: string): LocalDatabase
}

let count = 0

/** A harness whose namespaces are databases, copied from one that is migrated. */
export async function createPostgresHarness(
  provider: LocalProvider,
  options: {
    readonly withFaults: boolean
    /** What stands between the provider's capability and the store; default: nothing. */
    readonly handed?: (capability: PostgresCapability) => Promise<PostgresCapability>
  },
): Promise<PostgresHarness> {
  const databases = new Map<string, LocalDatabase>()
  const capabilities = new Map<string, PostgresCapability>()
  const { handed = async (capability) => capability } = options
  const nextName = (kind: string) => {
    count += 1
    return `ue_${kind}_${process.pid}_${count}`
  }
  const databaseOf = (namespace: string): LocalDatabase => {
    const database = databases.get(namespace)
    if (database === undefined) throw new Error(`unknown namespace ${namespace}`)
    return database
  }
  const provision = async (template?: string): Promise<string> => {
    const name = nextName(template === undefined ? 'empty' : 'case')
    databases.set(
      name,
      await provider.provisionDatabase({ name, ...(template === undefined ? {} : { template }) }),
    )
    capabilities.set(name, await handed(databaseOf(name).capability))
    return name
  }
  const capabilityOf = (namespace: string): PostgresCapability => {
    const capability = capabilities.get(namespace)
    if (capability === undefined) throw new Error(`unknown namespace ${namespace}`)
    return capability
  }
  const template = nextName('template')
  const { capability } = await provider.provisionDatabase({ name: template })
  await migrate({ capability })
  const harness = defineHarness({
    name: `store-postgres on ${provider.backend.description}`,
    freshNamespace: () => provision(template),
    destroyNamespace: async (namespace) => {
      await provider.dropDatabase(namespace)
      databases.delete(namespace)
      capabilities.delete(namespace)
    },
    reference: async () => createMemoryStore(),
    open: (namespace, openOptions) =>
      createPostgresStore({ capability: capabilityOf(namespace), ...openOptions }),
    ...(options.withFaults ? { backend: provider.faults } : {}),
    processes: {
      module: new URL('./postgres-process.ts', import.meta.url),
      execArgv: ['--disable-warning=ExperimentalWarning', '--conditions=@user-engine/source'],
      handOver: async (namespace) => await handOverOf(capabilityOf(namespace)),
    },
    tenantLayers: {
      async openWithoutEngine(namespace) {
        const database = databaseOf(namespace)
        const { user } = await database.capability.lease('runtime')
        await database.query(`ALTER ROLE ${pg.escapeIdentifier(user)} BYPASSRLS`)
        return await createPostgresStore({ capability: capabilityOf(namespace) })
      },
      countWithoutPredicates: (namespace, tenantId) => countRows(databaseOf(namespace), tenantId),
    },
    engineAudit: {
      tryUpdate: (namespace, id) =>
        tryChange(
          databaseOf(namespace),
          `UPDATE user_engine.audit_records SET outcome = 'allowed' WHERE id = '${id}'`,
        ),
      tryDelete: (namespace, id) =>
        tryChange(databaseOf(namespace), `DELETE FROM user_engine.audit_records WHERE id = '${id}'`),
    },
    migrations: {
      emptyNamespace: () => provision(),
      migrate: (namespace) => migrate({ capability: capabilityOf(namespace) }),
      damage: async (namespace, damage) => void (await databaseOf(namespace).query(DAMAGES[damage])),
    },
  })
  return { ...harness, databaseOf }
}

const TENANT_TABLES = [
  ...['tenant_accounts', 'memberships', 'application_bindings', 'tenant_profile_values'],
  ...[
    'audit_records',
    'outbox_events',
    'outbox_deliveries',
    'users',
    'accounts',
    'external_identities',
    'global_profile_values',
  ],
]

// As the runtime login, with the tenant in the transaction's context and without a single predicate.
async function countRows(database: LocalDatabase, tenantId: string | null): Promise<Record<string, number>> {
  const { host, port, user, password } = await database.capability.lease('runtime')
  const client = new pg.Client({ host, port, user, password, database: database.name })
  await client.connect()
  try {
    await client.query('BEGIN')
    if (tenantId !== null)
      await client.query(`SELECT set_config('user_engine.scope', $1, true)`, [`t${tenantId}`])
    const counts: Record<string, number> = {}
    for (const table of TENANT_TABLES) {
      const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM user_engine.${table}`)
      counts[table] = Number(rows[0]?.count)
    }
    await client.query('ROLLBACK')
    return counts
  } finally {
    await client.end()
  }
}

// As the administrator, a superuser: the strongest login there is.
async function tryChange(database: LocalDatabase, sql: string): Promise<'refused' | 'changed'> {
  return await database.query(sql).then(
    () => 'changed',
    () => 'refused',
  )
}
