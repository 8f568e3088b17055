import {
  type Diagnostics,
  type OutboxPort,
  PROTOCOL_VERSION,
  type SchemaVersion,
  UserEngineError,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import { type Database, openDatabase } from './database.ts'
import { recordDenial } from './denials.ts'
import { createErrorCounts } from './error-counts.ts'
import { CAPABILITIES } from './manifest.ts'
import { createOutboxPort } from './outbox-port.ts'
import { checkReadiness } from './readiness.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { type Sync, toRole } from './sync-role.ts'
import { createUnitsOfWork, type UnitsOfWork } from './units-of-work.ts'

const DEFAULT_CLOSE_MS = 5_000
const DEFAULT_READERS = 8

export interface SqliteStoreOptions {
  /** The file of the domain; a second one stands beside it with `-beside` at the end of its name. */
  readonly file: string
  /** How many reads may run at once. Default 8. */
  readonly maxConnections?: number
}

/**
 * Opens a store on a file, and makes the file where it is missing. Stores of one process may share a file.
 * @throws UserEngineError `SCHEMA_MISMATCH` for a file of another release; `UNAVAILABLE`.
 */
export function createSqliteStore({
  file,
  maxConnections = DEFAULT_READERS,
}: SqliteStoreOptions): UserEngineStore {
  const database = openDatabase(file)
  return new SqliteStore(database, createUnitsOfWork(database, maxConnections))
}

class SqliteStore implements UserEngineStore {
  readonly protocolVersion = PROTOCOL_VERSION
  readonly capabilities = CAPABILITIES
  readonly outbox: OutboxPort
  readonly #database: Database
  readonly #units: UnitsOfWork
  readonly #relay: Sync<OutboxPort>
  readonly #errors = createErrorCounts()
  #closing: Promise<void> | null = null

  constructor(database: Database, units: UnitsOfWork) {
    this.#database = database
    this.#units = units
    this.#relay = createOutboxPort(database.beside)
    this.outbox = Object.freeze(toRole<OutboxPort>(this.#relay, (work) => this.#whileOpen(work)))
  }

  read: UserEngineStore['read'] = (scope, work, options) =>
    this.#whileOpen(() => this.#units.read(scope, work, options))

  transact: UserEngineStore['transact'] = (scope, work, options) =>
    this.#whileOpen(() => this.#units.transact(scope, work, options))

  recordDenial: UserEngineStore['recordDenial'] = (scope, record) =>
    this.#whileOpen(() => recordDenial(this.#database.beside, scope, record))

  readiness: UserEngineStore['readiness'] = () =>
    this.#whileOpen(() => checkReadiness(this.#database, () => this.#relay.stats()))

  schemaVersion: UserEngineStore['schemaVersion'] = () =>
    this.#whileOpen(() => {
      this.#database.assertReachable()
      return CURRENT
    })

  diagnostics: UserEngineStore['diagnostics'] = () => this.#whileOpen(() => this.#diagnose())

  close: UserEngineStore['close'] = ({ timeoutMs = DEFAULT_CLOSE_MS } = {}) => {
    this.#closing ??= this.#units.end(timeoutMs).then(() => this.#database.close())
    return this.#closing
  }

  #diagnose(): Diagnostics {
    const { writer } = this.#database
    const ask = <Result>(question: () => Result): Result | null => {
      try {
        return question()
      } catch {
        return null
      }
    }
    const version =
      ask(() => writer.get<{ version: string }>('SELECT sqlite_version() AS version'))?.version ?? null
    return {
      protocolVersion: PROTOCOL_VERSION,
      store: CAPABILITIES.store,
      schema: CURRENT,
      pool: this.#units.pool,
      outbox: ask(() => this.#relay.stats()),
      errors: this.#errors.list(),
      facts: { sqlite: version, journal: 'wal' },
    }
  }

  async #whileOpen<Result>(call: () => Result | Promise<Result>): Promise<Result> {
    return await this.#errors.counting(() => {
      if (this.#closing !== null) throw new UserEngineError('STORE_CLOSED', {})
      return call()
    })
  }
}

/** The schema is made with the file and never migrated: a file of another version is not opened. */
const CURRENT: SchemaVersion = Object.freeze({
  state: 'current',
  expected: String(SCHEMA_VERSION),
  found: String(SCHEMA_VERSION),
})
