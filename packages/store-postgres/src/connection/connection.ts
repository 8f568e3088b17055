import type { PoolClient } from 'pg'
import { createBatch } from './batch.ts'
import type { StatementCall, StatementResult } from './statement.ts'

/** A server connection for exclusive use. */
export interface Connection {
  /** pg's own client, for Prisma's adapter; nothing else may use it. */
  readonly client: PoolClient
  /** Whether a batch without a BEGIN is a transaction here, with the isolation and the settings that the store needs. */
  readonly commitsAtSync: boolean
  /** Executes the calls in order in one round trip. @throws BatchError at the first failure. */
  execute(calls: readonly StatementCall[]): Promise<readonly StatementResult[]>
  /** Gives the connection back; it must be outside a transaction. */
  release(): void
  /** Cuts the connection; the server rolls back what was open. */
  destroy(): void
}

interface ConnectionOptions {
  readonly client: PoolClient
  readonly named: boolean
  readonly commitsAtSync: boolean
  readonly release: (broken?: boolean) => void
}

export function createConnection(options: ConnectionOptions): Connection {
  return new PgConnection(options)
}

class PgConnection implements Connection {
  readonly client: PoolClient
  readonly commitsAtSync: boolean
  readonly #options: ConnectionOptions
  #released = false

  constructor(options: ConnectionOptions) {
    this.client = options.client
    this.commitsAtSync = options.commitsAtSync
    this.#options = options
  }

  execute(calls: readonly StatementCall[]): Promise<readonly StatementResult[]> {
    const { query, done } = createBatch(calls, { named: this.#options.named })
    this.client.query(query)
    return done
  }

  release(): void {
    this.#end(false)
  }

  destroy(): void {
    this.#end(true)
  }

  #end(broken: boolean): void {
    if (this.#released) return
    this.#released = true
    this.#options.release(broken)
  }
}
