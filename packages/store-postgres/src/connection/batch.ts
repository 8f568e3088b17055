// One Sync for many statements: the server executes them in order in one round trip, and after an error skips all
// that follow, COMMIT included. `pg` has no such mode (its pipeline sends one Sync per statement, so that a COMMIT
// behind a failed statement is still executed), hence this object, which implements the contract between pg's
// Client and its queries. That contract is internal to pg: the version is pinned exactly, and batch.test.ts shows
// every path of it on a real server.
import type { Connection as WireConnection } from 'pg'
import type { Row, StatementCall, StatementResult } from './statement.ts'

/** A batch failed at one of its statements; those before it have been executed, those after it have not. */
export class BatchError extends Error {
  override readonly name = 'BatchError'
  /** The index of the statement that failed, or `null` when the connection failed. */
  readonly index: number | null
  /** What the statements before the failed one answered. */
  readonly results: readonly StatementResult[]
  /** Whether the batch had been written to the connection. */
  readonly sent: boolean

  constructor(cause: unknown, facts: Pick<BatchError, 'index' | 'results' | 'sent'>) {
    super('A statement of the batch failed.', { cause })
    this.index = facts.index
    this.results = facts.results
    this.sent = facts.sent
  }
}

// Which named statements a connection has parsed. Statements are never deallocated.
const parsedStatements = new WeakMap<object, Set<string>>()

/** What pg's Client calls back. */
export interface Submittable {
  submit(connection: WireConnection): void
  handleRowDescription(): void
  handleDataRow(message: { fields: Row }): void
  handleCommandComplete(message: { text: string }): void
  handleEmptyQuery(): void
  handlePortalSuspended(): void
  handleCopyInResponse(): void
  handleError(error: unknown): void
  handleReadyForQuery(): void
}

/** Builds the query object for a batch; the promise settles with one result per statement, or a {@link BatchError}. */
export function createBatch(
  calls: readonly StatementCall[],
  options: { readonly named: boolean },
): { readonly query: Submittable; readonly done: Promise<readonly StatementResult[]> } {
  const { promise, resolve, reject } = Promise.withResolvers<readonly StatementResult[]>()
  return { query: new Batch(calls, options.named, resolve, reject), done: promise }
}

class Batch implements Submittable {
  readonly #calls: readonly StatementCall[]
  readonly #named: boolean
  readonly #resolve: (results: readonly StatementResult[]) => void
  readonly #reject: (error: BatchError) => void
  readonly #results: StatementResult[] = []
  #rows: Row[] = []
  #stopCountingParses: (() => void) | null = null
  #sent = false

  constructor(
    calls: readonly StatementCall[],
    named: boolean,
    resolve: (results: readonly StatementResult[]) => void,
    reject: (error: BatchError) => void,
  ) {
    this.#calls = calls
    this.#named = named
    this.#resolve = resolve
    this.#reject = reject
  }

  submit(connection: WireConnection): void {
    this.#sent = true
    const parsed = this.#named ? parsedStatementsOf(connection) : null
    const parsedHere: string[] = []
    connection.stream.cork()
    try {
      for (const { statement, values } of this.#calls) {
        const name = parsed === null ? '' : statement.name
        if (parsed === null) {
          connection.parse({ name, text: statement.text, types: [] }, true)
        } else if (!parsed.has(name) && !parsedHere.includes(name)) {
          connection.parse({ name, text: statement.text, types: [] }, true)
          parsedHere.push(name)
        }
        connection.bind({ statement: name, values }, true)
        connection.execute(null, true)
      }
      connection.sync()
    } finally {
      connection.stream.uncork()
    }
    if (parsed !== null && parsedHere.length > 0) this.#countParses(connection, parsed, parsedHere)
  }

  // Only a ParseComplete proves that the server knows a name: behind a failed statement the rest is skipped.
  #countParses(connection: WireConnection, parsed: Set<string>, names: readonly string[]): void {
    let completed = 0
    const onParseComplete = () => {
      const name = names[completed++]
      if (name !== undefined) parsed.add(name)
    }
    connection.on('parseComplete', onParseComplete)
    this.#stopCountingParses = () => connection.off('parseComplete', onParseComplete)
  }

  handleRowDescription(): void {}

  handleDataRow(message: { fields: Row }): void {
    this.#rows.push(message.fields)
  }

  handleCommandComplete(message: { text: string }): void {
    this.#results.push({ rows: this.#rows, tag: message.text })
    this.#rows = []
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' })
  }

  handlePortalSuspended(): void {}

  handleCopyInResponse(): void {}

  handleError(error: unknown): void {
    this.#stopCountingParses?.()
    const fromServer = typeof error === 'object' && error !== null && 'severity' in error
    const results = this.#results
    this.#reject(
      new BatchError(error, { index: fromServer ? results.length : null, results, sent: this.#sent }),
    )
  }

  handleReadyForQuery(): void {
    this.#stopCountingParses?.()
    this.#resolve(this.#results)
  }
}

function parsedStatementsOf(connection: object): Set<string> {
  let parsed = parsedStatements.get(connection)
  if (parsed === undefined) {
    parsed = new Set()
    parsedStatements.set(connection, parsed)
  }
  return parsed
}
