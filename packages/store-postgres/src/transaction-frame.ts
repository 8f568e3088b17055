// What stands around the batches of a transaction: BEGIN and who it is before the first, COMMIT behind the last, and neither
// where one batch is all of it.
import { type Step, surrounding } from './batch-plan.ts'
import { defineStatement, type Statement, type StatementCall } from './connection/statement.ts'
import type { TimeLimit } from './time-limit.ts'
import { COMMIT } from './transaction-end.ts'

/** How the transactions of a session begin. */
export interface FrameOptions {
  readonly begin: Statement
  /** Sets scope and time limits for the transaction; gets the milliseconds that are left. */
  readonly context: (remainingMs: number) => StatementCall
  /** The same for a transaction that is one batch, on a connection whose session is prepared for it. */
  readonly briefContext: (remainingMs: number) => StatementCall
  /** It writes nothing: whether its COMMIT was answered is of no interest. */
  readonly readOnly: boolean
}

/** What is sent at once. */
export interface Batch {
  readonly steps: readonly Step[]
  /** Which step commits the transaction: a COMMIT, or the end of the batch behind the last; `null` for none. */
  readonly commitsAt: number | null
}

/** The frame of one transaction, and whether it stands. */
export interface TransactionFrame {
  /** Whether a BEGIN has been sent, and nothing yet that ended it. */
  readonly isOpen: boolean
  /** The transaction has savepoints, which there are none of without a BEGIN. */
  needBegin(): void
  /** What the server must be told before the next statement: who begins here, or how much time is left. */
  head(): readonly StatementCall[]
  /**
   * The batch that sends this body: opens the frame, and closes it at a commit. One that `heals` a transaction that may
   * have failed has nothing before it, which the server would refuse.
   */
  around(
    body: readonly Step[],
    how: { readonly isCommit: boolean; readonly heals: boolean; readonly commitsAtSync: boolean },
  ): Batch
  /** The transaction has ended. */
  close(): void
}

export function createTransactionFrame(options: FrameOptions, limit: TimeLimit): TransactionFrame {
  return new BatchFrame(options, limit)
}

const SET_REMAINING_TIME = defineStatement(`SELECT set_config('statement_timeout', $1, true)`)

/** The server's time limit is brought up to date with a batch when it is off by more than this. */
const TIME_LIMIT_SLACK_MS = 100

class BatchFrame implements TransactionFrame {
  isOpen = false
  readonly #options: FrameOptions
  readonly #limit: TimeLimit
  #hasSavepoints = false
  #limitSetFor = 0

  constructor(options: FrameOptions, limit: TimeLimit) {
    this.#options = options
    this.#limit = limit
  }

  needBegin(): void {
    this.#hasSavepoints = true
  }

  head(): readonly StatementCall[] {
    const { remainingMs } = this.#limit
    const isCurrent = this.#limitSetFor - remainingMs < TIME_LIMIT_SLACK_MS
    if (this.isOpen && isCurrent) return []
    this.#limitSetFor = remainingMs
    if (this.isOpen) return [{ statement: SET_REMAINING_TIME, values: [String(remainingMs)] }]
    return [{ statement: this.#options.begin, values: [] }, this.#options.context(remainingMs)]
  }

  around(
    body: readonly Step[],
    how: { readonly isCommit: boolean; readonly heals: boolean; readonly commitsAtSync: boolean },
  ): Batch {
    const isWhole = how.isCommit && !this.isOpen
    if (isWhole && how.commitsAtSync && this.#needsNoBegin(body)) {
      const context = this.#options.briefContext(this.#limit.remainingMs)
      return { steps: [surrounding(context), ...body], commitsAt: body.length + 1 }
    }
    const head = how.heals ? [] : this.head()
    this.isOpen = true
    const end = how.isCommit ? [surrounding(COMMIT)] : []
    const steps = [...head.map(surrounding), ...body, ...end]
    return { steps, commitsAt: how.isCommit ? steps.length - 1 : null }
  }

  close(): void {
    this.isOpen = false
  }

  // Without a BEGIN there are no savepoints, and every read sees the database as it is then.
  #needsNoBegin(body: readonly Step[]): boolean {
    if (this.#hasSavepoints || body.some(({ run }) => run !== null)) return false
    return !this.#options.readOnly || body.length === 1
  }
}
