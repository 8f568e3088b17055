import { isUserEngineError } from '@user-engine/store-protocol'

/** What a {@link DeliveryFailure} says. */
export interface DeliveryFailureFacts {
  /** What went wrong, in upper case, for dead letters and metrics: `HTTP_503`, `TIMEOUT`. Never anything of the event. */
  readonly code: string
  /** Whether trying again is of no use. Default false. */
  readonly permanent?: boolean
  /** Whether the receiver takes nothing now, whatever the event: it is away, or too busy. Default false. */
  readonly unavailable?: boolean
  /** How long the receiver asked to be left alone, in milliseconds; the relay waits at least so long, up to an hour. */
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/**
 * Why a sink did not take an event. It never leaves the relay: callers of the service do not meet it, so it is no part
 * of the contract's error family. Recognised by its properties, not by its class.
 */
export class DeliveryFailure extends Error {
  override readonly name = 'DeliveryFailure'
  readonly code: string
  readonly permanent: boolean
  readonly unavailable: boolean
  readonly retryAfterMs: number

  constructor({
    code,
    permanent = false,
    unavailable = false,
    retryAfterMs = 0,
    cause,
  }: DeliveryFailureFacts) {
    super(`The sink did not take the event: ${code}.`, cause === undefined ? undefined : { cause })
    this.code = code
    this.permanent = permanent
    this.unavailable = unavailable
    this.retryAfterMs = retryAfterMs
  }
}

/** Whether a sink said that trying again is of no use. */
export function isPermanent(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'permanent' in error && error.permanent === true
}

/** Whether a sink said that its receiver takes nothing now. */
export function isUnavailable(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'unavailable' in error && error.unavailable === true
}

const MAX_RETRY_AFTER_MS = 3_600_000

/** How long a sink asked to wait at least before the next try, in whole milliseconds; 0 when it asked for nothing. */
export function askedPause(error: unknown): number {
  const isObject = typeof error === 'object' && error !== null
  const asked = isObject && 'retryAfterMs' in error ? Number(error.retryAfterMs) : 0
  return asked > 0 ? Math.min(Math.ceil(asked), MAX_RETRY_AFTER_MS) : 0
}

// A code is a name, not a text: what does not look like one could be anything, also part of the event.
const CODE = /^[A-Za-z0-9_.-]{1,64}$/

/**
 * The reason that goes into the outbox: the class and the code of an error, never its message, which may quote the
 * event or the receiver's answer [DIA-02].
 */
export function describeFailure(error: unknown): string {
  if (isUserEngineError(error)) return error.code
  if (typeof error !== 'object' || error === null) return 'a thrown value that is no error'
  const name = nameOf(error)
  const code = 'code' in error && typeof error.code === 'string' && CODE.test(error.code) ? error.code : null
  return code === null ? name : `${name} ${code}`
}

function nameOf(error: object): string {
  return 'name' in error && typeof error.name === 'string' && CODE.test(error.name) ? error.name : 'Error'
}
