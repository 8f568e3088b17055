import { isUserEngineError } from '@user-engine/store-protocol'
import pRetry from 'p-retry'

/** How often and how patiently to repeat. */
export interface RetryPolicy {
  /** How many repetitions at most after the first try; default 10. */
  readonly retries?: number
  /** The first pause in milliseconds, doubled each time and then lengthened by up to as much at random; default 20. */
  readonly minDelayMs?: number
  /** The longest pause in milliseconds; default 1,000. */
  readonly maxDelayMs?: number
  /** Ends the pauses: the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Repeats work that failed for a reason which may pass: errors marked `retryable`, and no others [TXN-09]. An unknown
 * outcome is not among them: repeat that one only with an idempotency key [TXN-04].
 * @throws whatever the last try threw.
 */
export function retryTransient<Result>(
  work: (attempt: number) => Result | Promise<Result>,
  policy: RetryPolicy = {},
): Promise<Result> {
  return repeatWhile((error) => isUserEngineError(error) && error.retryable, work, policy)
}

/** Repeats work while its failures are of the given kind: bounded, with growing pauses and jitter. */
export async function repeatWhile<Result>(
  isWorthRepeating: (error: unknown, attempt: number) => boolean | Promise<boolean>,
  work: (attempt: number) => Result | Promise<Result>,
  policy: RetryPolicy = {},
): Promise<Result> {
  // What a failure that is not repeated threw goes through a box: p-retry replaces thrown values that are no errors.
  const outcome = await pRetry<{ readonly value: Result } | { readonly thrown: unknown }>(
    async (attempt) => {
      try {
        return { value: await work(attempt) }
      } catch (error) {
        if (!(await isWorthRepeating(error, attempt))) return { thrown: error }
        throw error
      }
    },
    {
      retries: policy.retries ?? 10,
      minTimeout: policy.minDelayMs ?? 20,
      maxTimeout: policy.maxDelayMs ?? 1_000,
      randomize: true,
      ...(policy.signal === undefined ? {} : { signal: policy.signal }),
    },
  )
  if ('thrown' in outcome) throw outcome.thrown
  return outcome.value
}
