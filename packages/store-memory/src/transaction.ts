import type { Idempotency, StoreTransaction } from '@user-engine/store-protocol'
import { createIdempotencyKey, type IdempotencyKey } from './idempotency.ts'
import { createOverlay } from './overlay.ts'
import { isThenable } from './thenable.ts'
import { createTransactionHandle } from './transaction-handle.ts'
import type { UnitOfWork } from './unit-of-work.ts'

/**
 * Runs `work` and commits what it did, all or nothing [TXN-01, TXN-02, TXN-03]. From the end of the work to the end
 * of the commit nothing is awaited: no other transaction comes in between.
 */
export async function runTransaction<Result>(
  unit: UnitOfWork,
  work: (tx: StoreTransaction) => Result | Promise<Result>,
  idempotency: Idempotency | undefined,
): Promise<Result> {
  let key: IdempotencyKey<Result> | undefined
  try {
    key = idempotency && createIdempotencyKey<Result>(unit.partition, idempotency)
    const first = key?.findFirst()
    if (first !== undefined) return first.result
    const overlay = createOverlay(unit)
    const handle = createTransactionHandle(unit, overlay)
    const outcome = work(handle.transaction)
    const { answers } = handle
    const isOwnAnswer = answers.isLast(outcome)
    const result = isOwnAnswer
      ? (answers.last as Result)
      : isThenable(outcome)
        ? await unit.waitFor(outcome)
        : outcome
    const nested = handle.end()
    if (nested !== null) await unit.waitFor(nested)
    if (unit.cutOffBy !== null) throw unit.cutOffBy
    handle.requireSuccess()
    const overtaking = key?.findFirst()
    if (overtaking !== undefined) return overtaking.result
    const keep = key?.prepare(result, isOwnAnswer)
    overlay.commit()
    keep?.()
    return result
  } catch (error) {
    return repeatFirst(unit, key, error)
  } finally {
    unit.end()
  }
}

/**
 * A failure may come from a call with the same key that was faster: its result is the result then [TXN-04].
 * @throws what the work failed with, when there is no such result.
 */
function repeatFirst<Result>(
  unit: UnitOfWork,
  key: IdempotencyKey<Result> | undefined,
  error: unknown,
): Result {
  try {
    const overtaking = unit.cutOffBy === null ? key?.findFirst() : undefined
    if (overtaking !== undefined) return overtaking.result
  } catch (mismatch) {
    throw unit.note(mismatch)
  }
  throw unit.note(error)
}
