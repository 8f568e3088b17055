import { asAdministrator, type QueryRows } from './administration.ts'
import type { AdminConnection } from './backends/backend.ts'
import type { CapabilityDescription, ConnectionLease, LeaseRole, PostgresCapability } from './capability.ts'
import { PACKAGE_NAME, PACKAGE_VERSION } from './package-info.ts'
import { createLogins, dropLogins, GROUP_ROLES, type Logins } from './provision-database.ts'

/** One provisioned database and what its consumer is handed. */
export interface LocalDatabase {
  readonly name: string
  readonly capability: PostgresCapability
  /** Runs SQL in this database as the administrator: for tests, to look past the consumer. */
  query(text: string, values?: readonly unknown[]): Promise<QueryRows>
  /**
   * Hands out new logins from now on. The old ones go on for `drainMs` milliseconds (default 5,000), then their
   * connections are ended and they are removed.
   */
  rotateCredentials(options?: { readonly drainMs?: number }): Promise<void>
  /** Ends every wait for a rotation and removes all logins. */
  release(): Promise<void>
}

interface LocalDatabaseOptions {
  readonly admin: AdminConnection
  readonly name: string
  readonly schema: string
  readonly epoch: string
}

/** Creates the logins of a provisioned database. */
export async function openLocalDatabase(options: LocalDatabaseOptions): Promise<LocalDatabase> {
  return new ProvisionedDatabase(options, await createLogins(options.admin, options.name, 0))
}

const DEFAULT_DRAIN_MS = 5_000
const MAX_CONNECTIONS = { runtime: 20, relay: 8 }

class ProvisionedDatabase implements LocalDatabase {
  readonly name: string
  readonly capability: PostgresCapability
  readonly #options: LocalDatabaseOptions
  readonly #retiring = new Map<Logins, NodeJS.Timeout>()
  #logins: Logins
  #generation = 0
  #drainMs = DEFAULT_DRAIN_MS

  constructor(options: LocalDatabaseOptions, logins: Logins) {
    this.name = options.name
    this.#options = options
    this.#logins = logins
    this.capability = { describe: async () => this.#describe(), lease: async (role) => this.#lease(role) }
  }

  async query(text: string, values: readonly unknown[] = []): Promise<QueryRows> {
    return await asAdministrator(this.#options.admin, this.name, (client) => client.query(text, [...values]))
  }

  async rotateCredentials({ drainMs = DEFAULT_DRAIN_MS }: { readonly drainMs?: number } = {}): Promise<void> {
    const retired = this.#logins
    this.#generation += 1
    this.#drainMs = drainMs
    this.#logins = await createLogins(this.#options.admin, this.name, this.#generation)
    const timer = setTimeout(() => void this.#drop(retired), drainMs)
    timer.unref()
    this.#retiring.set(retired, timer)
  }

  async release(): Promise<void> {
    const retiring = [...this.#retiring]
    for (const [logins, timer] of retiring) {
      clearTimeout(timer)
      await this.#drop(logins)
    }
    await dropLogins(this.#options.admin, this.name, this.#logins)
  }

  async #drop(logins: Logins): Promise<void> {
    this.#retiring.delete(logins)
    // The server may be down, or gone for good; a login that stays is removed with its database.
    await dropLogins(this.#options.admin, this.name, logins).catch(() => {})
  }

  #describe(): CapabilityDescription {
    return {
      provider: { name: PACKAGE_NAME, version: PACKAGE_VERSION },
      database: this.name,
      schema: this.#options.schema,
      roles: GROUP_ROLES,
      pooler: { mode: 'none', preparedStatements: true },
      maxConnections: MAX_CONNECTIONS,
      epoch: this.#options.epoch,
    }
  }

  #lease(role: LeaseRole): ConnectionLease {
    const { host, port, tls } = this.#options.admin
    const { name: user, password } = this.#logins[role]
    return {
      leaseId: user,
      host,
      port,
      database: this.name,
      user,
      password,
      tls,
      expiresAt: null,
      drainMs: this.#drainMs,
    }
  }
}
