import { setTimeout as delay } from 'node:timers/promises'
import { type AnyUserEngineError, type ErrorCode, isUserEngineError } from '@user-engine/store-protocol'
import { type CallSite, captureCallSite, whereOf } from './call-site.ts'
import { findDifference } from './difference.ts'
import { show, showError } from './show.ts'
import { LATE, raceAgainst } from './time-limit.ts'

/** An assertion of a case that did not hold. */
export class CheckFailure extends Error {
  override readonly name = 'CheckFailure'
  /** What should have been true. */
  readonly what: string
  readonly expected: string
  readonly actual: string
  /** Where in the kit the assertion stands. */
  readonly where: string

  constructor(
    what: string,
    seen: {
      readonly expected: string
      readonly actual: string
      readonly site?: CallSite
      readonly where?: string
    },
  ) {
    super(`${what}: expected ${seen.expected}, saw ${seen.actual}`)
    this.what = what
    this.expected = seen.expected
    this.actual = seen.actual
    this.where = seen.where ?? whereOf(seen.site?.stack)
  }
}

/** The error of one of several codes. */
export type ErrorOf<Code extends ErrorCode> = Extract<AnyUserEngineError, { readonly code: Code }>

type Call<Result> = Promise<Result> | (() => Promise<Result>)

/** The assertions of one case. They count: a case that asserted nothing proves nothing. */
export interface Check {
  readonly count: number
  /** Equal by content; `-0` and `0`, absent and `undefined` differ. */
  equal(actual: unknown, expected: unknown, what: string): void
  ok(condition: boolean, what: string, actual?: unknown): void
  /** The call must fail with one of these codes, recognised by brand; returns the error. */
  rejects<Code extends ErrorCode>(
    call: Call<unknown>,
    codes: Code | readonly Code[],
    what: string,
  ): Promise<ErrorOf<Code>>
  /** The call must fail with this very value, not with a copy or a wrapper of it. */
  rejectsWith(call: Call<unknown>, reason: unknown, what: string): Promise<void>
  /** The call must settle, either way, within the time. */
  settlesWithin<Result>(
    call: Promise<Result>,
    withinMs: number,
    what: string,
  ): Promise<PromiseSettledResult<Result>>
  /** Asks again until there is an answer: for what takes real time by its nature, such as a lease that runs out. */
  eventually<Result>(
    probe: () => Promise<Result | undefined>,
    what: string,
    withinMs?: number,
  ): Promise<Result>
}

const POLL_MS = 5

export function createCheck(): Check {
  return new CountingCheck()
}

class CountingCheck implements Check {
  #count = 0

  get count(): number {
    return this.#count
  }

  equal(actual: unknown, expected: unknown, what: string): void {
    this.#count += 1
    const difference = findDifference(actual, expected)
    if (difference === null) return
    const at = difference.path === '' ? what : `${what}, at ${difference.path}`
    const seen = { expected: show(difference.expected), actual: show(difference.actual) }
    throw new CheckFailure(at, { ...seen, site: captureCallSite(this.equal) })
  }

  ok(condition: boolean, what: string, actual?: unknown): void {
    this.#count += 1
    if (condition) return
    const seen = { expected: 'it to hold', actual: actual === undefined ? 'it does not' : show(actual) }
    throw new CheckFailure(what, { ...seen, site: captureCallSite(this.ok) })
  }

  async rejects<Code extends ErrorCode>(
    call: Call<unknown>,
    codes: Code | readonly Code[],
    what: string,
  ): Promise<ErrorOf<Code>> {
    this.#count += 1
    const site = captureCallSite(this.rejects)
    const allowed: readonly string[] = typeof codes === 'string' ? [codes] : codes
    const expected = `UserEngineError ${allowed.join(' or ')}`
    const settled = await settle(call)
    if (settled.status === 'fulfilled')
      throw new CheckFailure(what, { expected, actual: `success with ${show(settled.value)}`, site })
    const error: unknown = settled.reason
    if (!isUserEngineError(error)) {
      const actual = `an error of another family: ${showError(error)}`
      throw new CheckFailure(what, { expected, actual, site })
    }
    if (!allowed.includes(error.code)) throw new CheckFailure(what, { expected, actual: show(error), site })
    return error as ErrorOf<Code>
  }

  async rejectsWith(call: Call<unknown>, reason: unknown, what: string): Promise<void> {
    this.#count += 1
    const site = captureCallSite(this.rejectsWith)
    const settled = await settle(call)
    const isSame = settled.status === 'rejected' && Object.is(settled.reason, reason)
    if (isSame) return
    const expected = `this very error: ${showError(reason)}`
    const actual = settled.status === 'rejected' ? showError(settled.reason) : 'success'
    throw new CheckFailure(what, { expected, actual, site })
  }

  async settlesWithin<Result>(
    call: Promise<Result>,
    withinMs: number,
    what: string,
  ): Promise<PromiseSettledResult<Result>> {
    this.#count += 1
    const site = captureCallSite(this.settlesWithin)
    const first = await raceAgainst(settle(call), withinMs)
    if (first !== LATE) return first
    throw new CheckFailure(what, { expected: `an end within ${withinMs} ms`, actual: 'none', site })
  }

  async eventually<Result>(
    probe: () => Promise<Result | undefined>,
    what: string,
    withinMs = 10_000,
  ): Promise<Result> {
    this.#count += 1
    const site = captureCallSite(this.eventually)
    const deadline = performance.now() + withinMs
    for (;;) {
      const answer = await probe()
      if (answer !== undefined) return answer
      if (performance.now() > deadline) {
        const seen = { expected: `it within ${withinMs} ms`, actual: 'it did not happen' }
        throw new CheckFailure(what, { ...seen, site })
      }
      await delay(POLL_MS)
    }
  }
}

/** How a call ends; one that throws where it should reject has rejected. */
async function settle<Result>(call: Call<Result>): Promise<PromiseSettledResult<Result>> {
  const promise = typeof call === 'function' ? (async () => await call())() : call
  const [settled] = await Promise.allSettled([promise])
  return settled
}
