import {
  type AnyUserEngineError,
  type Audience,
  type AuditTarget,
  type Id,
  type StoreReader,
  type StoreTransaction,
  UserEngineError,
} from '@user-engine/store-protocol'
import type * as z from 'zod'
import type { CommandRun } from './command-run.ts'

/** Why something was refused: an error of the contract as JSON, free of values [DIA-02]. */
export type Refusal = ReturnType<AnyUserEngineError['toJSON']>

/** What every action declares: commands and queries alike. */
interface Action<Input> {
  /** `<entity>.<verb>`: what the authorization port is asked about and what the audit record says. */
  readonly action: string
  readonly input: z.ZodType<Input>
  /** What it is done to. A command that makes a record takes the id of its input, or a new one. */
  readonly target: (input: Input, newId: () => Id) => AuditTarget
  /** As whom a profile is looked at or changed. */
  readonly audience?: (input: Input) => Audience
}

/** A command: one action that changes something, in one transaction. `Committed` is what its transaction returns. */
export interface Command<Input, Result, Committed = Result> extends Action<Input> {
  /**
   * Does it within one transaction. A command that decides nothing makes its calls without awaiting and returns a
   * plain value or the handle's own promise, so that a durable store needs one round trip [SHP-02]. It never looks at
   * the promise of a write: the failure of a write that nobody looked at is what the transaction fails with [TXN-03].
   */
  readonly perform: (tx: StoreTransaction, input: Input, run: CommandRun) => Committed | Promise<Committed>
  /** Makes the result of what was committed. */
  readonly settle: (committed: Committed) => Result
  /** What of many things that were asked for was refused while the others were done. */
  readonly refusals?: (committed: Committed) => readonly Refusal[]
  /**
   * Which refusals of the store mean only that somebody else was faster, so that reading and deciding again is right;
   * `tries` is how often it has been tried. What `perform` itself throws is final; what is retryable is tried again
   * by every command that has this.
   */
  readonly decidesAgainOn?: (error: AnyUserEngineError, input: Input, tries: number) => boolean
}

/** A query: one action that only reads, on one moment of the store. */
export interface Query<Input, Result> extends Action<Input> {
  readonly perform: (reader: StoreReader, input: Input, run: CommandRun) => Result | Promise<Result>
}

/** Declares a command whose transaction returns its result. */
export function defineCommand<Input, Result>(
  command: Omit<Command<Input, Result>, 'settle'>,
): Command<Input, Result> {
  return { ...command, settle: (committed) => committed }
}

/**
 * Declares a command that changes a record without reading it first, and whose transaction returns the handle's own
 * read of the changed record.
 */
export function defineBlindCommand<Input, Result>(
  command: Omit<Command<Input, Result, Result | null>, 'settle'>,
): Command<Input, Result, Result | null> {
  return {
    ...command,
    settle(committed) {
      // The change succeeded, so the same transaction saw the record; a store that says otherwise is broken.
      if (committed === null) throw new UserEngineError('INTERNAL', { reference: command.action })
      return committed
    },
  }
}

/** Declares a query. */
export function defineQuery<Input, Result>(query: Query<Input, Result>): Query<Input, Result> {
  return query
}
