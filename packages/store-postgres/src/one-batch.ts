// A transaction of statements that are all known from the beginning is one batch and one round trip, and needs nothing of what a
// session keeps for work that goes on: levels, queued calls, handles.
import { UserEngineError } from '@user-engine/store-protocol'
import { BatchError } from './connection/batch.ts'
import type { Connection } from './connection/connection.ts'
import { isAnswerOfPooler, isConnectionLoss, mapError } from './connection/map-error.ts'
import type { Row, StatementCall, StatementResult } from './connection/statement.ts'
import { callAfter } from './deadlines.ts'
import { COMMIT, GRACE_MS, ROLLBACK, succeedsWithin } from './session.ts'
import {
  BEGIN_TRANSACTION,
  briefContextCall,
  contextCall,
  type TransactionScope,
} from './transaction-context.ts'

interface OneBatch {
  readonly acquire: (timeoutMs: number) => Promise<Connection>
  readonly scope: TransactionScope
  readonly calls: readonly StatementCall[]
  readonly timeoutMs: number
}

/**
 * Commits the calls in one round trip, and returns the rows of each.
 * @throws UserEngineError for the call that failed, in which case nothing of it remains; `OUTCOME_UNKNOWN` when the connection
 * broke and the COMMIT may have been executed [TXN-03, TXN-04, TXN-11].
 */
export async function commitOneBatch(batch: OneBatch): Promise<readonly (readonly Row[])[]> {
  const { acquire, calls, timeoutMs } = batch
  const deadline = performance.now() + timeoutMs
  const connection = await acquire(timeoutMs)
  const remainingMs = Math.max(1, Math.ceil(deadline - performance.now()))
  const head = headOf(batch, connection, remainingMs)
  const end = connection.commitsAtSync ? [] : [COMMIT]
  let isCutOff = false
  const limit = callAfter(remainingMs + GRACE_MS, () => {
    isCutOff = true
    connection.destroy()
  })
  let results: readonly StatementResult[]
  try {
    results = await connection.execute([...head, ...calls, ...end])
  } catch (thrown) {
    const committing = mayBeCommitted(thrown, head.length + calls.length)
    const error =
      isCutOff && !committing
        ? new UserEngineError('DEADLINE_EXCEEDED', { timeoutMs }, { cause: thrown })
        : mapError(thrown, { committing, idempotent: false, timeoutMs, subject: null })
    await giveUp(connection, error)
    throw error
  } finally {
    limit.cancel()
  }
  connection.release()
  // Postgres answers the COMMIT of a failed transaction with a ROLLBACK and no error [TXN-03].
  const [committed] = results.slice(head.length + calls.length)
  if (committed !== undefined && committed.tag !== 'COMMIT')
    throw new UserEngineError('TRANSACTION_ABORTED', {})
  return results.slice(head.length, head.length + calls.length).map(({ rows }) => rows)
}

/** What stands before the first call: who the transaction is, and a BEGIN where it is not one by itself. */
function headOf(
  { scope }: OneBatch,
  { commitsAtSync }: Connection,
  remainingMs: number,
): readonly StatementCall[] {
  if (commitsAtSync) return [briefContextCall(scope, remainingMs)]
  return [{ statement: BEGIN_TRANSACTION, values: [] }, contextCall(scope, remainingMs)]
}

/** Before its turn the COMMIT has certainly not been executed; at its turn, or without an answer of the server, it may have been. */
function mayBeCommitted(thrown: unknown, commitAt: number): boolean {
  if (!(thrown instanceof BatchError) || !thrown.sent) return false
  return thrown.index === null || thrown.index >= commitAt || isAnswerOfPooler(thrown)
}

async function giveUp(connection: Connection, error: UserEngineError): Promise<void> {
  const isUseful =
    !isConnectionLoss(error) &&
    (connection.commitsAtSync || (await succeedsWithin(connection.execute([ROLLBACK]), GRACE_MS)))
  if (isUseful) connection.release()
  else connection.destroy()
}
