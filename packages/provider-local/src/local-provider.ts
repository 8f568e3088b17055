import { asAdministrator, identifier } from './administration.ts'
import type { AdminConnection, Backend, BackendFaults, BackendKind } from './backends/backend.ts'
import { refusedFaults } from './backends/url-backend.ts'
import { type LocalDatabase, openLocalDatabase } from './local-database.ts'
import { provisionDatabase } from './provision-database.ts'

export interface ProvisionOptions {
  /** Default `user_engine`. */
  readonly name?: string
  /** The schema for the consumer. Default `user_engine`. */
  readonly schema?: string
  /** A database to copy instead of starting empty; nobody may be connected to it. */
  readonly template?: string
}

/** A stand-in for the platform team that hands over Postgres. */
export interface LocalProvider {
  readonly backend: {
    readonly kind: BackendKind
    readonly description: string
    readonly reused: boolean
    readonly serverVersion: string
  }
  /** Creates database, schema and roles where they are missing, and hands over the capability. */
  provisionDatabase(options?: ProvisionOptions): Promise<LocalDatabase>
  /** Removes a database, also under the feet of whoever is connected. */
  dropDatabase(name: string): Promise<void>
  readonly faults: BackendFaults
  /** What another process needs to attach to the same server; it holds the administrator's password. */
  readonly serverHandle: ServerHandle
  /** Ends everything this provider started. A server that was there before goes on. */
  stop(): Promise<void>
}

/** Plain data with which another process provisions on the same server. */
export interface ServerHandle {
  readonly kind: BackendKind
  readonly description: string
  readonly admin: AdminConnection
}

/** A provider on a server that another process owns; without faults. */
export async function attachLocalProvider(handle: ServerHandle): Promise<LocalProvider> {
  return await providerOver({
    ...handle,
    reused: true,
    faults: refusedFaults("another process's server"),
    stop: async () => {},
  })
}

/** A provider over a backend that answers. */
export async function providerOver(backend: Backend): Promise<LocalProvider> {
  const facts = await asAdministrator(backend.admin, backend.admin.database, async (client) => {
    const { rows } = await client.query<{ version: string; epoch: string }>(
      `SELECT current_setting('server_version') AS version,
        (SELECT system_identifier || '-' || timeline_id FROM pg_control_system(), pg_control_checkpoint()) AS epoch`,
    )
    return rows[0] ?? { version: 'unknown', epoch: 'unknown' }
  })
  return new BackendProvider(backend, facts)
}

class BackendProvider implements LocalProvider {
  readonly backend: LocalProvider['backend']
  readonly faults: BackendFaults
  readonly serverHandle: ServerHandle
  readonly #backend: Backend
  readonly #epoch: string
  readonly #databases = new Map<string, LocalDatabase>()

  constructor(backend: Backend, facts: { readonly version: string; readonly epoch: string }) {
    const { kind, description, reused, admin, faults } = backend
    this.backend = { kind, description, reused, serverVersion: facts.version }
    this.faults = faults
    this.serverHandle = { kind, description, admin }
    this.#backend = backend
    this.#epoch = facts.epoch
  }

  async provisionDatabase(options: ProvisionOptions = {}): Promise<LocalDatabase> {
    const { name = 'user_engine', schema = 'user_engine', template } = options
    const { admin } = this.#backend
    await provisionDatabase(admin, { name, schema, template })
    const database = await openLocalDatabase({ admin, name, schema, epoch: this.#epoch })
    this.#databases.set(name, database)
    return database
  }

  async dropDatabase(name: string): Promise<void> {
    await asAdministrator(this.#backend.admin, this.#backend.admin.database, (client) =>
      client.query(`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`),
    )
    await this.#databases.get(name)?.release()
    this.#databases.delete(name)
  }

  async stop(): Promise<void> {
    await this.#backend.stop()
  }
}
