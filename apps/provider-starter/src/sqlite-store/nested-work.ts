import { type StoreTransaction, UserEngineError } from '@user-engine/store-protocol'
import { createCalls } from './calls.ts'
import { createTransaction } from './handle.ts'
import { CAPABILITIES } from './manifest.ts'
import type { Unit } from './unit.ts'

const { maxNesting } = CAPABILITIES.transactions

export type Work<Handle, Result> = (handle: Handle) => Result | Promise<Result>

/** Runs work on a handle of its own, and reports what failed before it settles [TXN-03, TXN-05, TXN-10]. */
export async function runNested<Result>({
  unit,
  work,
  depth,
  isEnded,
}: {
  readonly unit: Unit
  readonly work: Work<StoreTransaction, Result>
  readonly depth: number
  readonly isEnded: () => boolean
}): Promise<Result> {
  const calls = createCalls({ aborts: true, isEnded })
  const handle = createTransaction(unit, calls, (nested) =>
    calls.nest(() => runSavepoint({ unit, work: nested, depth: depth + 1, isEnded: () => calls.isEnded })),
  )
  try {
    const result = await startWork(work, handle)
    await calls.settle()
    return result
  } finally {
    calls.end()
  }
}

async function runSavepoint<Result>(nested: Parameters<typeof runNested<Result>>[0]): Promise<Result> {
  const { unit, depth, isEnded } = nested
  if (depth > maxNesting)
    throw new UserEngineError('NOT_SUPPORTED', { capability: 'transactions.maxNesting' })
  unit.connection.exec(`SAVEPOINT level_${depth}`)
  try {
    const result = await runNested(nested)
    if (!isEnded()) unit.connection.exec(`RELEASE level_${depth}`)
    return result
  } catch (error) {
    // What it was nested in is gone, past the time limit with the whole transaction: there is nothing left to undo.
    if (!isEnded()) unit.connection.exec(`ROLLBACK TO level_${depth}; RELEASE level_${depth}`)
    throw error
  }
}

/** Calls work; it may throw before there is a promise. */
export async function startWork<Handle, Result>(work: Work<Handle, Result>, handle: Handle): Promise<Result> {
  return await work(handle)
}
