// A restore and a promotion begin a new epoch: the database has lost a part of what it knew, and believes in leases that
// others have outlived. The provider names the epoch; the database keeps which one its data is in. Whoever works with leases
// makes sure first that the two agree. It asks the provider when there is a reason to: connections were lost, a lease was
// renewed, or the last answer is old [CAP-06].

import { type PostgresCapability, readDescription, UserEngineError } from '@user-engine/store-protocol'
import type { Connection } from '../connection/connection.ts'
import type { Row, StatementCall } from '../connection/statement.ts'
import { withinTime } from '../within-time.ts'
import type { EpochStatements } from './epoch-statements.ts'

export interface EpochKeeper {
  /** Whether the data is known to be in the epoch that the provider names, and nothing has happened since to doubt it. */
  readonly isSettled: boolean
  /** Connections were lost or a lease was renewed: the epoch may be another one. */
  doubt(): void
  /**
   * Makes sure that the data is in the epoch that the provider names; when it names a new one, every lease that is out ends.
   * @throws UserEngineError `UNAVAILABLE`, with the reason `superseded` when the data has left the epoch that the provider
   * names, and `refused` when there is doubt and the provider does not answer.
   */
  settle(): Promise<void>
  /** Compares without changing anything, for readiness and diagnostics. @throws UserEngineError `UNAVAILABLE`. */
  compare(): Promise<EpochFinding>
}

export interface EpochFinding {
  /** What the provider names; `null` when it does not answer. */
  readonly stated: string | null
  /** Which one the data is in; `null` before the first lease. */
  readonly data: string | null
  /**
   * `pending`: the next use of the outbox adopts it. `superseded`: the provider names one that the data has left.
   * `unchanged`: the server was restored or promoted, and the provider still names the epoch before. `unknown`: it names none.
   */
  readonly state: 'current' | 'pending' | 'superseded' | 'unchanged' | 'unknown'
}

interface EpochKeeperOptions {
  readonly capability: PostgresCapability
  /** What the provider named when the store was opened. */
  readonly stated: string
  readonly statements: EpochStatements
  /** How long the provider may take to answer, in milliseconds. */
  readonly timeoutMs: number
  /** Commits calls as the relay, in one round trip; returns the rows of each. */
  readonly commit: (calls: readonly StatementCall[]) => Promise<readonly (readonly Row[])[]>
  readonly withConnection: <Result>(
    role: 'relay',
    work: (connection: Connection) => Promise<Result>,
  ) => Promise<Result>
}

/** How old an answer of the provider may be, in milliseconds: a pooler in between hides that a server was replaced. */
const ASK_EVERY_MS = 10_000

export function createEpochKeeper(options: EpochKeeperOptions): EpochKeeper {
  return new DatabaseEpochKeeper(options)
}

class DatabaseEpochKeeper implements EpochKeeper {
  readonly #options: EpochKeeperOptions
  #stated: string
  #askedAt = performance.now()
  /** The epoch that the data was last seen in, by this store. */
  #settled: string | null = null
  #isDoubted = false
  #settling: Promise<void> | null = null

  constructor(options: EpochKeeperOptions) {
    this.#options = options
    this.#stated = options.stated
  }

  get isSettled(): boolean {
    return this.#isFresh() && !this.#isDoubted && this.#settled === this.#stated
  }

  doubt(): void {
    this.#isDoubted = true
  }

  async settle(): Promise<void> {
    if (this.isSettled) return
    this.#settling ??= this.#settle().finally(() => {
      this.#settling = null
    })
    await this.#settling
  }

  async compare(): Promise<EpochFinding> {
    const stated = await this.#ask().catch(() => null)
    const { statements, commit } = this.#options
    const [[row] = []] = await commit([{ statement: statements.compare, values: [stated ?? ''] }])
    const [data, mark, isKnown] = row ?? []
    return { stated, data: data ?? null, state: await this.#judge({ stated, data, mark, isKnown }) }
  }

  async #judge(found: {
    readonly stated: string | null
    readonly data: string | null | undefined
    readonly mark: string | null | undefined
    readonly isKnown: string | null | undefined
  }): Promise<EpochFinding['state']> {
    const { stated, data, mark, isKnown } = found
    if (stated === null) return 'unknown'
    // Nothing was ever leased.
    if (data === null || data === undefined) return 'current'
    if (stated !== data) return isKnown === 't' ? 'superseded' : 'pending'
    const serverMark = await this.#readServerMark()
    return typeof mark === 'string' && serverMark !== null && mark !== serverMark ? 'unchanged' : 'current'
  }

  async #settle(): Promise<void> {
    const wasDoubted = this.#isDoubted
    // A doubt that comes up from here on is one about the answer.
    this.#isDoubted = false
    try {
      if (wasDoubted) await this.#ask()
      // Without a reason to doubt, an answer that does not come changes nothing.
      else if (!this.#isFresh()) await this.#ask().catch(() => this.#stated)
      if (wasDoubted || this.#settled !== this.#stated) await this.#adopt(this.#stated)
    } catch (error) {
      this.#isDoubted = true
      throw error
    }
  }

  #isFresh(): boolean {
    return performance.now() - this.#askedAt < ASK_EVERY_MS
  }

  async #ask(): Promise<string> {
    const { capability, timeoutMs } = this.#options
    try {
      const { epoch } = await withinTime(readDescription(capability), timeoutMs)
      this.#stated = epoch
      return epoch
    } catch (cause) {
      throw new UserEngineError('UNAVAILABLE', { reason: 'refused' }, { cause })
    } finally {
      this.#askedAt = performance.now()
    }
  }

  async #adopt(epoch: string): Promise<void> {
    const { statements, commit } = this.#options
    const mark = await this.#readServerMark()
    const [, [row] = []] = await commit([
      { statement: statements.takeTurn, values: [] },
      { statement: statements.adopt, values: [epoch, mark] },
    ])
    if (row?.[0] === 'superseded') throw new UserEngineError('UNAVAILABLE', { reason: 'superseded' })
    this.#settled = epoch
  }

  /** `null` where the server does not say: then the word of the provider is all there is. */
  async #readServerMark(): Promise<string | null> {
    const { statements, withConnection } = this.#options
    return await withConnection('relay', async (connection) => {
      const [result] = await connection.execute([{ statement: statements.serverMark, values: [] }])
      return result?.rows[0]?.[0] ?? null
    }).catch(() => null)
  }
}
