import { defineStatement, type StatementCall } from './connection/statement.ts'

/** The savepoint of a nested transaction: its depth, from 1. Or that of a run of inserts, which none is nested in. */
type SavepointOf = number | typeof RUN_OF_INSERTS

export const RUN_OF_INSERTS = 'run'

/** Sets a savepoint. */
export function savepoint(of: SavepointOf): StatementCall {
  return cached('SAVEPOINT', of)
}

/** Ends it, keeping what was done. */
export function releaseSavepoint(of: SavepointOf): StatementCall {
  return cached('RELEASE SAVEPOINT', of)
}

/** Undoes what was done since, keeping the savepoint. */
export function rollbackToSavepoint(of: SavepointOf): StatementCall {
  return cached('ROLLBACK TO SAVEPOINT', of)
}

const calls = new Map<string, StatementCall>()

function cached(command: string, of: SavepointOf): StatementCall {
  const text = `${command} nested_${of}`
  let call = calls.get(text)
  if (call === undefined) {
    call = { statement: defineStatement(text), values: [] }
    calls.set(text, call)
  }
  return call
}
