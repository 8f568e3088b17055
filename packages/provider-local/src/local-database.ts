import { asAdministrator } from './administration.ts'
import type { CapabilityDescription, ConnectionLease, LeaseRole, PostgresCapability } from './capability.ts'
import { PACKAGE_NAME, PACKAGE_VERSION } from './package-info.ts'
import { ProviderError } from './provider-error.ts'
import {
  areThere,
  createLogins,
  type Logins,
  type LoginTerritory,
  namesOf,
  removeLogins,
} from './provisioning/logins.ts'
import { groupRoles } from './provisioning/role-names.ts'

export interface QueryRows {
  readonly rows: Record<string, unknown>[]
}

/** One provisioned database and what its consumer is handed. */
export interface LocalDatabase {
  readonly name: string
  /** What the consumer gets. It stays the same object when the database is provisioned again [CAP-01]. */
  readonly capability: PostgresCapability
  /**
   * Runs SQL in this database as the administrator: for tests, to look past the consumer. Errors are the driver's.
   * @throws ProviderError `BACKEND_UNAVAILABLE` when there is no connection.
   */
  query(text: string, values?: readonly unknown[]): Promise<QueryRows>
  /**
   * Hands out new logins with new passwords from now on. The old ones go on for `drainMs` milliseconds, then their
   * connections are ended and they are removed [CAP-04]. Default: what their leases promise.
   */
  rotateCredentials(options?: { readonly drainMs?: number }): Promise<void>
}

/** What the provider alone may do with a database. */
export interface ManagedDatabase extends LocalDatabase {
  readonly schema: string
  /** Says which epoch it is after provisioning, and makes logins where there are none. */
  renew(epoch: string): Promise<void>
  /** Ends all logins at once, also those that drain; nothing can be leased from now on. */
  release(): Promise<void>
  /** The database is gone with all its logins. */
  forget(): void
}

interface ManagedDatabaseOptions {
  readonly territory: LoginTerritory
  readonly name: string
  readonly schema: string
  /** What leases promise to connections after a rotation, in milliseconds. */
  readonly drainMs: number
  readonly log: (line: string) => void
}

export function createManagedDatabase(options: ManagedDatabaseOptions): ManagedDatabase {
  return new ProvisionedDatabase(options)
}

const MAX_CONNECTIONS = { runtime: 20, relay: 8 }

class ProvisionedDatabase implements ManagedDatabase {
  readonly name: string
  readonly schema: string
  readonly capability: PostgresCapability
  readonly #options: ManagedDatabaseOptions
  readonly #draining = new Map<Logins, NodeJS.Timeout>()
  #epoch: string | null = null
  #logins: Logins | null = null
  #turn: Promise<void> = Promise.resolve()

  constructor(options: ManagedDatabaseOptions) {
    this.name = options.name
    this.schema = options.schema
    this.#options = options
    this.capability = { describe: async () => this.#describe(), lease: async (role) => this.#lease(role) }
  }

  async query(text: string, values: readonly unknown[] = []): Promise<QueryRows> {
    const { admin } = this.#options.territory
    return await asAdministrator(admin, this.name, async (client) => {
      const { rows } = await client.query<Record<string, unknown>>(text, [...values])
      return { rows }
    })
  }

  async renew(epoch: string): Promise<void> {
    await this.#inTurn(async () => {
      const { territory } = this.#options
      const before = this.#logins
      const isSame = epoch === this.#epoch && before !== null && (await areThere(territory, before))
      if (isSame) return
      this.#epoch = epoch
      this.#logins = await createLogins(territory, this.name)
      if (before !== null) await this.#remove(before)
    })
  }

  async rotateCredentials({
    drainMs = this.#options.drainMs,
  }: {
    readonly drainMs?: number
  } = {}): Promise<void> {
    assertDrain(drainMs)
    await this.#inTurn(async () => {
      const retired = this.#current()
      this.#logins = await createLogins(this.#options.territory, this.name)
      const timer = setTimeout(() => void this.#inTurn(() => this.#remove(retired)), drainMs)
      timer.unref()
      this.#draining.set(retired, timer)
    })
  }

  async release(): Promise<void> {
    await this.#inTurn(async () => {
      const all = [...this.#draining.keys(), this.#logins].filter((logins) => logins !== null)
      this.forget()
      for (const logins of all) await this.#remove(logins)
    })
  }

  forget(): void {
    for (const timer of this.#draining.values()) clearTimeout(timer)
    this.#draining.clear()
    this.#logins = null
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    await turn
  }

  async #remove(logins: Logins): Promise<void> {
    this.#draining.delete(logins)
    const { territory, log } = this.#options
    try {
      await removeLogins(territory, this.name, namesOf(logins))
    } catch (error) {
      // The server may be down, or gone for good; nobody knows the passwords any more.
      log(
        `logins of ${this.name} were not removed: ${error instanceof Error ? error.message : 'unknown reason'}`,
      )
    }
  }

  #current(): Logins {
    if (this.#logins !== null) return this.#logins
    throw new ProviderError(
      'STOPPED',
      `The database ${JSON.stringify(this.name)} was dropped, or its provider was stopped: provision it again.`,
    )
  }

  #describe(): CapabilityDescription {
    const { territory, schema } = this.#options
    return {
      provider: { name: PACKAGE_NAME, version: PACKAGE_VERSION },
      database: this.name,
      schema,
      roles: groupRoles(territory.rolePrefix),
      pooler: { mode: 'none', preparedStatements: true },
      maxConnections: MAX_CONNECTIONS,
      epoch: this.#epoch ?? 'unknown',
    }
  }

  #lease(role: LeaseRole): ConnectionLease {
    const { territory, drainMs } = this.#options
    const { host, port, tls } = territory.admin
    const { name: user, password } = this.#current()[role]
    return {
      // Another epoch may be at another address.
      leaseId: `${user}@${this.#epoch}`,
      host,
      port,
      database: this.name,
      user,
      password,
      tls,
      expiresAt: null,
      drainMs,
    }
  }
}

const LONGEST_TIMER_MS = 2 ** 31 - 1

/** @throws ProviderError `INVALID_OPTION`. */
export function assertDrain(drainMs: number): void {
  if (Number.isInteger(drainMs) && drainMs >= 0 && drainMs <= LONGEST_TIMER_MS) return
  throw new ProviderError('INVALID_OPTION', 'drainMs is a whole number of milliseconds, 0 or more.')
}
