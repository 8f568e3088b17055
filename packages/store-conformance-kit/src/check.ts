import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type AnyUserEngineError, type ErrorCode, isUserEngineError } from '@user-engine/store-protocol'

/** An assertion of a case that did not hold. */
export class CheckFailure extends Error {
  override readonly name = 'CheckFailure'
  /** What should have been true. */
  readonly what: string
  readonly expected: string
  readonly actual: string

  constructor(what: string, expected: string, actual: string) {
    super(`${what}: expected ${expected}, saw ${actual}`)
    this.what = what
    this.expected = expected
    this.actual = actual
  }
}

/** The assertions of one case. They count: a case that asserted nothing proves nothing. */
export interface Check {
  readonly count: number
  equal(actual: unknown, expected: unknown, what: string): void
  ok(condition: boolean, what: string, actual?: unknown): void
  /** The call must fail with one of these codes; returns the error. */
  rejects<Code extends ErrorCode>(
    call: Promise<unknown> | (() => Promise<unknown>),
    codes: Code | readonly Code[],
    what: string,
  ): Promise<Extract<AnyUserEngineError, { readonly code: Code }>>
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

const MAX_SHOWN = 500
const POLL_MS = 10

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
    if (!isDeepStrictEqual(plain(actual), plain(expected)))
      throw new CheckFailure(what, show(expected), show(actual))
  }

  ok(condition: boolean, what: string, actual?: unknown): void {
    this.#count += 1
    if (!condition)
      throw new CheckFailure(what, 'it to hold', actual === undefined ? 'it does not' : show(actual))
  }

  async rejects<Code extends ErrorCode>(
    call: Promise<unknown> | (() => Promise<unknown>),
    codes: Code | readonly Code[],
    what: string,
  ): Promise<Extract<AnyUserEngineError, { readonly code: Code }>> {
    this.#count += 1
    const allowed: readonly string[] = typeof codes === 'string' ? [codes] : codes
    const expected = `a UserEngineError ${allowed.join(' or ')}`
    const settled = await settle(call)
    if (settled.status === 'fulfilled')
      throw new CheckFailure(what, expected, `success with ${show(settled.value)}`)
    const error: unknown = settled.reason
    if (!isUserEngineError(error))
      throw new CheckFailure(what, expected, `an error of another family: ${String(error)}`)
    if (!allowed.includes(error.code)) throw new CheckFailure(what, expected, show(error))
    return error as Extract<AnyUserEngineError, { readonly code: Code }>
  }

  async settlesWithin<Result>(
    call: Promise<Result>,
    withinMs: number,
    what: string,
  ): Promise<PromiseSettledResult<Result>> {
    this.#count += 1
    const late = Symbol('late')
    const timer = new AbortController()
    const first = await Promise.race([
      settle(call),
      delay(withinMs, late, { signal: timer.signal }).catch(() => late),
    ])
    timer.abort()
    if (typeof first === 'symbol') throw new CheckFailure(what, `an end within ${withinMs} ms`, 'none')
    return first
  }

  async eventually<Result>(
    probe: () => Promise<Result | undefined>,
    what: string,
    withinMs = 10_000,
  ): Promise<Result> {
    this.#count += 1
    const deadline = performance.now() + withinMs
    for (;;) {
      const answer = await probe()
      if (answer !== undefined) return answer
      if (performance.now() > deadline)
        throw new CheckFailure(what, `it within ${withinMs} ms`, 'it did not happen')
      await delay(POLL_MS)
    }
  }
}

async function settle<Result>(
  call: Promise<Result> | (() => Promise<Result>),
): Promise<PromiseSettledResult<Result>> {
  const [settled] = await Promise.allSettled([
    typeof call === 'function' ? (async () => await call())() : call,
  ])
  return settled
}

// Records may be frozen or have no prototype; what counts is what they say.
function plain(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? structuredClone(value) : value
}

function show(value: unknown): string {
  let text: string
  try {
    text = JSON.stringify(value) ?? String(value)
  } catch {
    text = String(value)
  }
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)` : text
}
