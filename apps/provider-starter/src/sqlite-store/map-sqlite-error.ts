import { randomUUID } from 'node:crypto'
import { type AnyUserEngineError, isUserEngineError, UserEngineError } from '@user-engine/store-protocol'

const BUSY = 5
const LOCKED = 6
/** Disk errors, a full disk, a file that is gone, damaged or no database. */
const BROKEN = new Set([8, 10, 11, 13, 14, 26])

/** What an error of SQLite is in the contract. The driver's text stays in the cause: it may hold values [DIA-02]. */
export function mapSqliteError(error: unknown): AnyUserEngineError {
  if (isUserEngineError(error)) return error
  const extended = (error as { readonly errcode?: unknown }).errcode
  const code = typeof extended === 'number' ? extended & 0xff : null
  if (code === BUSY || code === LOCKED) return unavailable('overloaded', error)
  if (code !== null && BROKEN.has(code)) return unavailable('unreachable', error)
  return new UserEngineError('INTERNAL', { reference: randomUUID() }, { cause: error }) as AnyUserEngineError
}

/** Whether somebody else holds the lock that a statement needed. */
export function isBusy(error: unknown): boolean {
  return isUserEngineError(error, 'UNAVAILABLE') && error.data.reason === 'overloaded'
}

function unavailable(reason: 'overloaded' | 'unreachable', cause: unknown): AnyUserEngineError {
  return new UserEngineError('UNAVAILABLE', { reason }, { cause }) as AnyUserEngineError
}
