// What a session knows of its transaction and of each nested one: whether it has failed, and what waits for the commit.
import { randomInt } from 'node:crypto'
import { UserEngineError } from '@user-engine/store-protocol'
import type { BulkInsert } from './batch-plan.ts'
import type { StatementSubject } from './connection/map-error.ts'
import type { StatementCall } from './connection/statement.ts'

/** A write with what it is about, for its errors. */
export interface PlannedWrite {
  readonly call: StatementCall
  readonly subject: StatementSubject | null
  /** How it travels with others; default: alone. */
  readonly bulk?: BulkInsert
}

/** An append in its final form, which draws its position, and in two that are sent before. */
export interface PlannedAppend extends PlannedWrite {
  readonly subject: StatementSubject
  /** Puts it at a position that is given. */
  preview(position: number): StatementCall
  /** Fails as the append will when its id is taken, and otherwise does nothing. */
  readonly probe: StatementCall
}

export interface WaitingAppend extends PlannedAppend {
  /** Where previews show it: the same place in every one, so that cursors hold across pages. */
  readonly position: number
  isProbed: boolean
}

/** Level 0 is the transaction, level n the nth nested one. */
export interface Level {
  failure: UserEngineError | null
  /** Whether a call was rejected with that failure, so that the work could have seen it. */
  isFailureTold: boolean
  wrote: boolean
  /** Whether its SAVEPOINT, or the BEGIN for level 0, has been sent. */
  begun: boolean
  readonly appends: WaitingAppend[]
  /** What tells its appends apart. */
  readonly appended: Set<string>
}

/** Positions of previews: above all that a sequence will ever draw, and a range of its own for every session. */
export const FIRST_PREVIEW_POSITION = 2 ** 52
const PREVIEWS_PER_SESSION = 2 ** 32
const PREVIEW_RANGES = 2 ** 20 - 1

/** The levels of one session, from the transaction to the innermost. */
export interface Levels {
  /** How deep the nesting is: 0 outside every nested transaction. */
  readonly depth: number
  readonly outermost: Level
  readonly innermost: Level
  /** The outermost of those that have failed. */
  readonly failed: Level | undefined
  /** Everything that waits for the commit, in the order of the calls. */
  readonly appends: readonly WaitingAppend[]
  at(depth: number): Level | undefined
  enter(): void
  /** Ends the innermost level; what it wrote and appended is now the work of the one around it. */
  keep(): void
  /** Ends the innermost level with all that was its own. */
  drop(): void
  /** @throws UserEngineError `DUPLICATE_KEY` for an append that waits already. */
  append(append: PlannedAppend): void
  /** Notes a failure at a level and at those inside it. */
  fail(error: UserEngineError, at: { readonly depth: number; readonly isTold: boolean }): void
  /** Everything has been sent that is now known to have begun. */
  begin(): void
}

export function createLevels(): Levels {
  return new LevelStack()
}

class LevelStack implements Levels {
  readonly #levels: [Level, ...Level[]] = [newLevel()]
  #nextPosition = 0

  get depth(): number {
    return this.#levels.length - 1
  }

  get outermost(): Level {
    return this.#levels[0]
  }

  get innermost(): Level {
    return this.#levels[this.depth] ?? this.#levels[0]
  }

  get failed(): Level | undefined {
    return this.#levels.find(({ failure }) => failure !== null)
  }

  get appends(): readonly WaitingAppend[] {
    return this.#levels.flatMap(({ appends }) => appends)
  }

  at(depth: number): Level | undefined {
    return this.#levels[depth]
  }

  enter(): void {
    this.#levels.push(newLevel())
  }

  keep(): void {
    const { wrote, appends, appended } = this.innermost
    this.#levels.pop()
    const { innermost } = this
    innermost.wrote ||= wrote
    for (const append of appends) innermost.appends.push(append)
    for (const name of appended) innermost.appended.add(name)
  }

  drop(): void {
    this.#levels.pop()
  }

  append(append: PlannedAppend): void {
    const { entity, id } = append.subject
    const [tenant] = append.call.values
    const name = `${entity} ${id} ${tenant}`
    if (this.#levels.some(({ appended }) => appended.has(name)))
      throw new UserEngineError('DUPLICATE_KEY', { entity, key: 'id' })
    const { appends, appended } = this.innermost
    appended.add(name)
    appends.push({ ...append, position: this.#drawPosition(), isProbed: false })
  }

  #drawPosition(): number {
    if (this.#nextPosition === 0)
      this.#nextPosition = FIRST_PREVIEW_POSITION + randomInt(PREVIEW_RANGES) * PREVIEWS_PER_SESSION
    this.#nextPosition += 1
    return this.#nextPosition
  }

  fail(
    error: UserEngineError,
    { depth, isTold }: { readonly depth: number; readonly isTold: boolean },
  ): void {
    for (const level of this.#levels.slice(depth)) {
      level.isFailureTold ||= isTold
      level.failure ??= error
    }
  }

  begin(): void {
    for (const level of this.#levels) level.begun = true
  }
}

function newLevel(): Level {
  return {
    ...{ failure: null, isFailureTold: false, wrote: false, begun: false },
    ...{ appends: [], appended: new Set<string>() },
  }
}
