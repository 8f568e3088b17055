import { findJsonIssue, type Idempotency, type JsonValue, UserEngineError } from '@user-engine/store-protocol'
import { invalid, joinPath, keepJson } from './accept.ts'
import type { Partition } from './partition.ts'

/** The idempotency key of one call, within its scope [TXN-04]. */
export interface IdempotencyKey<Result> {
  /**
   * The result of the call that was first with this key, or `undefined` when none has been committed yet.
   * @throws UserEngineError `IDEMPOTENCY_MISMATCH` when that was a different request.
   */
  findFirst(): { readonly result: Result } | undefined
  /**
   * Makes a result ready to be kept, and returns what keeps it once the commit has happened. An answer of the handle's
   * own is JSON, and frozen where it is a record of the store.
   * @throws UserEngineError `VALIDATION` for a result that is no JSON value.
   */
  prepare(result: Result, isOwnAnswer: boolean): () => void
}

export function createIdempotencyKey<Result>(
  partition: Partition,
  idempotency: Idempotency,
): IdempotencyKey<Result> {
  return new PartitionKey(partition, idempotency)
}

class PartitionKey<Result> implements IdempotencyKey<Result> {
  readonly #partition: Partition
  readonly #idempotency: Idempotency

  constructor(partition: Partition, idempotency: Idempotency) {
    this.#partition = partition
    this.#idempotency = idempotency
  }

  findFirst(): { readonly result: Result } | undefined {
    const { key, fingerprint } = this.#idempotency
    const first = this.#partition.firstResults.get(key)
    if (first === undefined) return undefined
    if (first.fingerprint !== fingerprint) throw new UserEngineError('IDEMPOTENCY_MISMATCH', {})
    return { result: structuredClone(first.result) as Result }
  }

  prepare(result: Result, isOwnAnswer: boolean): () => void {
    const { key, fingerprint } = this.#idempotency
    const kept = isOwnAnswer && Object.isFrozen(result) ? (result as JsonValue) : keepResult(result)
    return () => this.#partition.firstResults.set(key, { fingerprint, result: kept })
  }
}

function keepResult(result: unknown): JsonValue | undefined {
  if (result === undefined) return undefined
  const issue = findJsonIssue(result)
  if (issue === null) return keepJson(result as JsonValue)
  throw invalid(joinPath('result', issue.path), issue.expected)
}
