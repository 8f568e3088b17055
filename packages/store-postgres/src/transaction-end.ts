// How a transaction ends, and what is known of its end when something goes wrong at it.
import { UserEngineError } from '@user-engine/store-protocol'
import { BatchError } from './connection/batch.ts'
import type { Connection } from './connection/connection.ts'
import { type ErrorMoment, isAnswerOfPooler, isConnectionLoss, mapError } from './connection/map-error.ts'
import { defineStatement, type StatementCall } from './connection/statement.ts'
import { GRACE_MS, type TimeLimit } from './time-limit.ts'
import { withinTime } from './within-time.ts'

export const COMMIT: StatementCall = { statement: defineStatement('COMMIT'), values: [] }
const ROLLBACK: StatementCall = { statement: defineStatement('ROLLBACK'), values: [] }

/**
 * The failure that the answer to a COMMIT hides, if it does: Postgres answers the COMMIT of a failed transaction with a
 * ROLLBACK and no error [TXN-03].
 */
export function hiddenFailure(tag: string): UserEngineError | null {
  return tag === 'COMMIT' ? null : new UserEngineError('TRANSACTION_ABORTED', {})
}

/**
 * Whether a batch that failed may have been committed by its statement at this place: before its turn it has certainly not
 * been executed; at its turn, or without an answer of the server, it may have been [TXN-04].
 */
export function mayBeCommitted(thrown: unknown, commitsAt: number): boolean {
  if (!(thrown instanceof BatchError) || !thrown.sent) return false
  return thrown.index === null || thrown.index >= commitsAt || isAnswerOfPooler(thrown)
}

/** What a transaction failed with: its time limit, when the connection was cut for it and nothing can be committed [TXN-11]. */
export function failureOf(thrown: unknown, limit: TimeLimit, moment: ErrorMoment): UserEngineError {
  if (!limit.isCutOff || moment.committing) return mapError(thrown, moment)
  return new UserEngineError('DEADLINE_EXCEEDED', { timeoutMs: moment.timeoutMs }, { cause: thrown })
}

/**
 * Gives up a connection whose transaction is not committed: back to its pool when it is clean again in time, cut otherwise. Never
 * rejects.
 */
export async function giveUp(
  connection: Connection,
  { failure, isOpen }: { readonly failure: UserEngineError | null; readonly isOpen: boolean },
): Promise<void> {
  // A server that takes no work any more, such as one that was demoted: its other connections are no better.
  const isLost = failure !== null && isConnectionLoss(failure)
  const isClean = !isLost && (!isOpen || (await isRolledBack(connection)))
  if (isClean) connection.release()
  else connection.destroy()
}

async function isRolledBack(connection: Connection): Promise<boolean> {
  return await withinTime(connection.execute([ROLLBACK]), GRACE_MS).then(
    () => true,
    () => false,
  )
}
