import type { AdminConnection, Backend, BackendFaults, BackendKind } from './backends/backend.ts'
import { refusedFaults } from './backends/url-backend.ts'
import {
  assertDrain,
  assertLease,
  createManagedDatabase,
  type LocalDatabase,
  type ManagedDatabase,
} from './local-database.ts'
import { ProviderError } from './provider-error.ts'
import {
  assertDatabaseName,
  assertSchemaName,
  databaseExists,
  dropDatabase,
  provisionDatabase,
} from './provisioning/database.ts'
import { type LoginTerritory, removeAbandonedLogins } from './provisioning/logins.ts'
import { type Recovery, refusedRecovery } from './recovery.ts'
import { readServerFacts, type ServerFacts } from './server-facts.ts'

export interface ProvisionOptions {
  /** Default `user_engine`. */
  readonly name?: string
  /** The schema for the consumer. Default `user_engine`. */
  readonly schema?: string
  /** A database to copy instead of starting empty; nobody may be connected to it. Only for a database that is not there. */
  readonly template?: string
  /** How long connections go on after a rotation, as the leases promise it, in milliseconds. Default 5,000. */
  readonly drainMs?: number
  /**
   * How long leases last, in milliseconds: `drainMs` before their end newer ones are handed out, and at their end they are
   * removed. Default: they do not end by themselves.
   */
  readonly leaseMs?: number
}

/** A stand-in for the platform team that hands over Postgres. */
export interface LocalProvider {
  readonly backend: {
    readonly kind: BackendKind
    /** For people, without a password: `embedded Postgres 18.4 on 127.0.0.1:54321`. */
    readonly description: string
    /** Whether the server was running before; it then goes on after `stop`. */
    readonly reused: boolean
    readonly serverVersion: string
  }
  /**
   * Creates database, schema, roles and logins where they are missing, and hands over the capability. The same name
   * gives the same object.
   * @throws ProviderError `INVALID_OPTION`, `NOT_PERMITTED`, `TEMPLATE_IN_USE`, `BACKEND_UNAVAILABLE`, `STOPPED`.
   */
  provisionDatabase(options?: ProvisionOptions): Promise<LocalDatabase>
  /**
   * Removes a database, also under the feet of whoever is connected, and all its logins. Nothing to do when it is not
   * there. A capability of it works again, with another epoch, once the database is provisioned again [CAP-06].
   */
  dropDatabase(name: string): Promise<void>
  /** @throws ProviderError `NOT_SUPPORTED` for a given server, and for one that another process owns. */
  readonly faults: BackendFaults
  /** Backups, restores and standbys: embedded servers that this process started. Elsewhere it throws `NOT_SUPPORTED`. */
  readonly recovery: Recovery
  /** What another process needs to attach to the same server; it holds the administrator's password. */
  readonly serverHandle: ServerHandle
  /** Ends everything this provider started, and removes its logins. A server that was there before goes on. */
  stop(): Promise<void>
}

/** Plain data with which another process provisions on the same server. */
export interface ServerHandle {
  readonly kind: BackendKind
  readonly label: string
  readonly admin: AdminConnection
  readonly rolePrefix: string
}

export interface ProviderSettings {
  readonly rolePrefix: string
  /** The major version that was asked for. */
  readonly major: number | undefined
  readonly log: (line: string) => void
}

/** A provider on a server that another process owns; without faults, and `stop` leaves the server alone. */
export async function attachLocalProvider(handle: ServerHandle): Promise<LocalProvider> {
  const { kind, label, admin, rolePrefix } = handle
  const faults = refusedFaults("another process's server")
  const recovery = refusedRecovery("another process's server")
  return await providerOver(
    { kind, label, admin, reused: true, data: 'given', faults, recovery, stop: async () => {} },
    { rolePrefix, major: undefined, log: () => {} },
  )
}

/** A provider over a backend that answers. */
export async function providerOver(backend: Backend, settings: ProviderSettings): Promise<LocalProvider> {
  const { label } = backend
  const facts = await readServerFacts(backend.admin)
  if (settings.major !== undefined && settings.major !== facts.major) {
    throw new ProviderError(
      'NOT_SUPPORTED',
      `The ${label} is ${facts.version} and Postgres ${settings.major} was asked for: choose another backend.`,
    )
  }
  const territory = new BackendTerritory(backend, facts, settings.rolePrefix)
  if (backend.data === 'kept' && !backend.reused) await removeAbandonedLogins(territory)
  return new BackendProvider(backend, territory, settings.log)
}

/** The server that has the data now: it changes with a restore and a promotion. */
class BackendTerritory implements LoginTerritory {
  readonly rolePrefix: string
  readonly #backend: Backend
  facts: ServerFacts

  constructor(backend: Backend, facts: ServerFacts, rolePrefix: string) {
    this.#backend = backend
    this.facts = facts
    this.rolePrefix = rolePrefix
  }

  get admin(): AdminConnection {
    return this.#backend.admin
  }
}

class BackendProvider implements LocalProvider {
  readonly faults: BackendFaults
  readonly recovery: Recovery
  readonly #backend: Backend
  readonly #territory: BackendTerritory
  readonly #log: (line: string) => void
  readonly #databases = new Map<string, ManagedDatabase>()
  #stopping: Promise<void> | null = null

  constructor(backend: Backend, territory: BackendTerritory, log: (line: string) => void) {
    const { faults, recovery } = backend
    this.faults = {
      kill: () => this.#whileRunning(() => faults.kill()),
      start: () => this.#whileRunning(() => faults.start()),
      pause: () => this.#whileRunning(() => faults.pause()),
      resume: () => this.#whileRunning(() => faults.resume()),
    }
    this.recovery = {
      backUp: () => this.#whileRunning(() => recovery.backUp()),
      markRestorePoint: (name) => this.#whileRunning(() => recovery.markRestorePoint(name)),
      restore: (backup, target) =>
        this.#whileRunning(async () => {
          await recovery.restore(backup, target)
          await this.#handOverAgain()
        }),
      startStandby: (options) =>
        this.#whileRunning(async () => {
          const standby = await recovery.startStandby(options)
          return {
            caughtUp: () => standby.caughtUp(),
            promote: async () => {
              await standby.promote()
              await this.#handOverAgain()
            },
            stop: () => standby.stop(),
          }
        }),
    }
    this.#backend = backend
    this.#territory = territory
    this.#log = log
  }

  get backend(): LocalProvider['backend'] {
    const { kind, label, reused, admin } = this.#backend
    const { version: serverVersion } = this.#territory.facts
    const description = `${label} ${serverVersion} on ${admin.host}:${admin.port}`
    return { kind, description, reused, serverVersion }
  }

  get serverHandle(): ServerHandle {
    const { kind, label, admin } = this.#backend
    return { kind, label, admin, rolePrefix: this.#territory.rolePrefix }
  }

  async provisionDatabase(options: ProvisionOptions = {}): Promise<LocalDatabase> {
    const {
      name = 'user_engine',
      schema = 'user_engine',
      template,
      drainMs = 5_000,
      leaseMs = null,
    } = options
    this.#assertRunning()
    assertDatabaseName(name)
    assertSchemaName(schema)
    assertDrain(drainMs)
    assertLease(leaseMs, drainMs)
    const epoch = await provisionDatabase(this.#territory, { name, schema, template })
    const key = JSON.stringify([name, schema])
    const known = this.#databases.get(key)
    const database =
      known ??
      createManagedDatabase({ territory: this.#territory, name, schema, drainMs, leaseMs, log: this.#log })
    this.#databases.set(key, database)
    await database.renew(epoch)
    return database
  }

  async dropDatabase(name: string): Promise<void> {
    this.#assertRunning()
    assertDatabaseName(name)
    await dropDatabase(this.#territory, name)
    for (const database of this.#databases.values()) if (database.name === name) database.forget()
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    // Temporary data goes as a whole.
    const left = this.#backend.data === 'temporary' ? [] : [...this.#databases.values()]
    try {
      // Logins of a paused server cannot be removed. A server that is not ours to resume refuses, and is not paused.
      await this.#backend.faults.resume().catch(() => {})
      await Promise.all(left.map((database) => database.release()))
    } finally {
      await this.#backend.stop()
    }
  }

  /** Every database that is there gets new logins, and its capability describes the epoch that it is in now. */
  async #handOverAgain(): Promise<void> {
    this.#territory.facts = await readServerFacts(this.#territory.admin)
    for (const database of this.#databases.values()) {
      const { name, schema } = database
      if (await databaseExists(this.#territory, name))
        await database.renew(await provisionDatabase(this.#territory, { name, schema, template: undefined }))
      else database.forget()
    }
  }

  async #whileRunning<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#assertRunning()
    return await work()
  }

  #assertRunning(): void {
    if (this.#stopping === null) return
    throw new ProviderError('STOPPED', 'The provider was stopped: create another one.')
  }
}
