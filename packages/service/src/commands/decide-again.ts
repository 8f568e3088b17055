import { isUserEngineError } from '@user-engine/store-protocol'
import { repeatWhile } from '../retry/retry-transient.ts'
import type { Command } from './command.ts'
import type { CommandRun } from './command-run.ts'

/** A command whose transaction has failed. */
export interface FailedCommand<Input, Committed> {
  readonly input: Input
  readonly run: CommandRun
  readonly failure: unknown
  /** Whether the transaction was one of its own, and not nested in that of somebody else. */
  readonly ownsTransaction: boolean
  /** What the command came to in the last transaction. */
  readonly outcome: () => Outcome<Committed>
  /** Performs it in another one. */
  readonly transact: () => Promise<Committed>
}

/** What `perform` of a command has come to; `undefined` before it was called. */
export type Outcome<Committed> = Committed | Promise<Committed> | typeof THROWN | undefined

/** It has thrown, and returned nothing. */
export const THROWN = Symbol('thrown')

// Somebody who decides again on fresh reads loses only to writers that finished in between, so few tries are many.
const DECIDE_AGAIN = { retries: 12, minDelayMs: 4, maxDelayMs: 500 }

/** Runs a command that decides again where somebody else was only faster. @throws what it finally failed with. */
export async function decideAgain<Input, Result, Committed>(
  command: Command<Input, Result, Committed>,
  { input, run, failure, ownsTransaction, outcome, transact }: FailedCommand<Input, Committed>,
): Promise<Committed> {
  const isWorthRepeating = async (error: unknown): Promise<boolean> => {
    if (command.decidesAgainOn === undefined || !isUserEngineError(error)) return false
    // What is retryable concerns the whole transaction: within one, only its owner can run it again.
    if (error.retryable) return ownsTransaction
    return command.decidesAgainOn(error, input, run.attempt) && !(await hasThrown(outcome()))
  }
  const decide = (): Promise<Committed> => {
    run.attempt++
    return transact()
  }
  if (!(await isWorthRepeating(failure))) throw failure
  return await repeatWhile(isWorthRepeating, decide, DECIDE_AGAIN)
}

/** Whether the command itself has thrown what its transaction failed with: then nobody was faster, it refused. */
async function hasThrown(outcome: unknown): Promise<boolean> {
  try {
    // What was cut off may never settle: of two that are settled, the first one wins.
    await Promise.race([outcome, null])
    return outcome === THROWN
  } catch {
    return true
  }
}
