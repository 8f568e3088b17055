import { defineStatement, type StatementCall } from './connection/statement.ts'

/** Sets the savepoint of a nested transaction at this depth, from 1. */
export function savepoint(depth: number): StatementCall {
  return cached('SAVEPOINT', depth)
}

/** Ends it, keeping what was done. */
export function releaseSavepoint(depth: number): StatementCall {
  return cached('RELEASE SAVEPOINT', depth)
}

/** Undoes what was done since, keeping the savepoint. */
export function rollbackToSavepoint(depth: number): StatementCall {
  return cached('ROLLBACK TO SAVEPOINT', depth)
}

const calls = new Map<string, StatementCall>()

function cached(command: string, depth: number): StatementCall {
  const text = `${command} nested_${depth}`
  let call = calls.get(text)
  if (call === undefined) {
    call = { statement: defineStatement(text), values: [] }
    calls.set(text, call)
  }
  return call
}
