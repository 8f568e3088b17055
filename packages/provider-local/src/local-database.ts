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
  /** How long a lease lasts, in milliseconds; `null`: until it is rotated. */
  readonly leaseMs: number | null
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
  /** Every generation of logins that has an end, and the timer of it. */
  readonly #ending = new Map<Logins, NodeJS.Timeout>()
  #epoch: string | null = null
  #logins: Logins | null = null
  /** When the current logins end, in milliseconds since 1970. */
  #expiresAt: number | null = null
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
      await this.#replaceLogins()
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
      const [retired, expiresAt] = [this.#current(), this.#expiresAt]
      await this.#replaceLogins()
      const left = expiresAt === null ? drainMs : Math.min(drainMs, Math.max(0, expiresAt - Date.now()))
      this.#endIn(left, retired)
    })
  }

  async release(): Promise<void> {
    await this.#inTurn(async () => {
      const all = new Set([...this.#ending.keys(), this.#logins].filter((logins) => logins !== null))
      this.forget()
      for (const logins of all) await this.#remove(logins)
    })
  }

  forget(): void {
    for (const timer of this.#ending.values()) clearTimeout(timer)
    this.#ending.clear()
    this.#logins = null
  }

  async #replaceLogins(): Promise<void> {
    const { territory, leaseMs } = this.#options
    const logins = await createLogins(territory, this.name)
    this.#logins = logins
    this.#expiresAt = leaseMs === null ? null : Date.now() + leaseMs
    if (leaseMs !== null) this.#endIn(leaseMs, logins)
  }

  #endIn(milliseconds: number, logins: Logins): void {
    clearTimeout(this.#ending.get(logins))
    const timer = setTimeout(() => void this.#inTurn(() => this.#remove(logins)), milliseconds)
    timer.unref()
    this.#ending.set(logins, timer)
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    await turn
  }

  async #remove(logins: Logins): Promise<void> {
    clearTimeout(this.#ending.get(logins))
    this.#ending.delete(logins)
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

  async #lease(role: LeaseRole): Promise<ConnectionLease> {
    const { territory, drainMs } = this.#options
    if (this.#isDue()) await this.#renewLogins()
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
      expiresAt: this.#expiresAt === null ? null : new Date(this.#expiresAt).toISOString(),
      drainMs,
    }
  }

  /** Whether the drain window of the current logins has begun: whoever asks then gets newer ones [CAP-04]. */
  #isDue(): boolean {
    return this.#expiresAt !== null && Date.now() >= this.#expiresAt - this.#options.drainMs
  }

  // The old ones go on until their end. Of many who ask at once the first makes the new ones.
  async #renewLogins(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#logins !== null && this.#isDue()) await this.#replaceLogins()
    })
  }
}

const LONGEST_TIMER_MS = 2 ** 31 - 1

/** @throws ProviderError `INVALID_OPTION`. */
export function assertDrain(drainMs: number): void {
  if (Number.isInteger(drainMs) && drainMs >= 0 && drainMs <= LONGEST_TIMER_MS) return
  throw new ProviderError('INVALID_OPTION', 'drainMs is a whole number of milliseconds, 0 or more.')
}

/** @throws ProviderError `INVALID_OPTION` for a lease that would be due from its beginning. */
export function assertLease(leaseMs: number | null, drainMs: number): void {
  if (leaseMs === null) return
  if (Number.isInteger(leaseMs) && leaseMs > drainMs && leaseMs <= LONGEST_TIMER_MS) return
  throw new ProviderError('INVALID_OPTION', 'leaseMs is a whole number of milliseconds, more than drainMs.')
}
