// A transaction of statements that are all known from the beginning is one batch and one round trip, and needs nothing of what a
// session keeps for work that goes on: levels, queued calls, handles.
import type { Connection } from './connection/connection.ts'
import type { Row, StatementCall, StatementResult } from './connection/statement.ts'
import { createTimeLimit } from './time-limit.ts'
import {
  BEGIN_TRANSACTION,
  briefContextCall,
  contextCall,
  type TransactionScope,
} from './transaction-context.ts'
import { COMMIT, failureOf, giveUp, hiddenFailure, mayBeCommitted } from './transaction-end.ts'

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
  const limit = createTimeLimit(timeoutMs)
  const connection = await acquire(timeoutMs)
  const head = headOf(batch, connection, limit.remainingMs)
  const end = connection.commitsAtSync ? [] : [COMMIT]
  let results: readonly StatementResult[]
  try {
    results = await limit.wait(connection, connection.execute([...head, ...calls, ...end]))
  } catch (thrown) {
    const committing = mayBeCommitted(thrown, head.length + calls.length)
    const error = failureOf(thrown, limit, { committing, idempotent: false, timeoutMs, subject: null })
    await giveUp(connection, { failure: error, isOpen: !connection.commitsAtSync })
    throw error
  }
  connection.release()
  const [committed] = results.slice(head.length + calls.length)
  const failure = committed === undefined ? null : hiddenFailure(committed.tag)
  if (failure !== null) throw failure
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
