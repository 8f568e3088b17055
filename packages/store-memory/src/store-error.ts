import { randomUUID } from 'node:crypto'
import { type AnyUserEngineError, isUserEngineError, UserEngineError } from '@user-engine/store-protocol'

/** What the store throws for anything that went wrong in its own code: an error of the family as it is, else `INTERNAL`. */
export function toStoreError(error: unknown): AnyUserEngineError {
  if (isUserEngineError(error)) return error
  return new UserEngineError('INTERNAL', { reference: randomUUID() }, { cause: error })
}
