import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { mapSqliteError } from './map-sqlite-error.ts'

export type SqlValue = string | number | null
export type SqlParameters = { readonly [name: string]: SqlValue }

/** One SQLite connection with its prepared statements. Every failure is an error of the contract [SHP-05]. */
export interface Connection {
  /** The first row, or `undefined`. */
  get<Row>(sql: string, parameters?: SqlParameters): Row | undefined
  all<Row>(sql: string, parameters?: SqlParameters): Row[]
  /** Runs one statement and tells how many rows it changed. */
  run(sql: string, parameters?: SqlParameters): number
  /** Runs statements without parameters. */
  exec(sql: string): void
  close(): void
}

/** Opens a connection; a lock that somebody else holds is waited for `busyMs` milliseconds at most. */
export function openConnection(
  file: string,
  options: { readonly readOnly: boolean; readonly busyMs: number },
): Connection {
  try {
    return new SqliteConnection(
      new DatabaseSync(file, { readOnly: options.readOnly, timeout: options.busyMs }),
    )
  } catch (error) {
    throw mapSqliteError(error)
  }
}

class SqliteConnection implements Connection {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  get<Row>(sql: string, parameters: SqlParameters = {}): Row | undefined {
    return attempt(() => this.#prepare(sql).get(parameters) as Row | undefined)
  }

  all<Row>(sql: string, parameters: SqlParameters = {}): Row[] {
    return attempt(() => this.#prepare(sql).all(parameters) as Row[])
  }

  run(sql: string, parameters: SqlParameters = {}): number {
    return attempt(() => Number(this.#prepare(sql).run(parameters).changes))
  }

  exec(sql: string): void {
    attempt(() => this.#database.exec(sql))
  }

  close(): void {
    this.#statements.clear()
    if (this.#database.isOpen) this.#database.close()
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    // Every statement gets the tenant among its parameters, also those that have no use for it.
    statement.setAllowUnknownNamedParameters(true)
    this.#statements.set(sql, statement)
    return statement
  }
}

function attempt<Result>(call: () => Result): Result {
  try {
    return call()
  } catch (error) {
    throw mapSqliteError(error)
  }
}
