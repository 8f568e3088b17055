import { UserEngineError } from '@user-engine/store-protocol'
import { expect, test } from 'vitest'
import { repeatWhile, retryTransient } from './retry-transient.ts'

const FAST = { minDelayMs: 1, maxDelayMs: 2 }
const conflict = () => new UserEngineError('SERIALIZATION_CONFLICT', {})

test('retryable failures are repeated until the work succeeds [TXN-09]', async () => {
  let calls = 0
  const result = await retryTransient((attempt) => {
    calls++
    if (attempt < 4) throw conflict()
    return attempt
  }, FAST)
  expect(result).toBe(4)
  expect(calls).toBe(4)
})

test('repetitions are bounded, and the last failure is what the caller gets', async () => {
  let calls = 0
  const last = conflict()
  await expect(
    retryTransient(
      () => {
        calls++
        throw last
      },
      { ...FAST, retries: 3 },
    ),
  ).rejects.toBe(last)
  expect(calls).toBe(4)
})

test.each([
  ['an error that will come again', new UserEngineError('NOT_FOUND', { entity: 'user' })],
  ['an unknown outcome', new UserEngineError('OUTCOME_UNKNOWN', { idempotent: false })],
  ['a bug', new TypeError('x')],
  ['something that is no error', 'text'],
])('%s is not repeated and comes through unchanged', async (_name, thrown) => {
  let calls = 0
  await expect(
    retryTransient(() => {
      calls++
      throw thrown
    }, FAST),
  ).rejects.toBe(thrown)
  expect(calls).toBe(1)
})

test('a signal ends the pauses', async () => {
  const controller = new AbortController()
  const reason = new UserEngineError('STORE_CLOSED', {})
  const retried = retryTransient(
    () => {
      controller.abort(reason)
      throw conflict()
    },
    { minDelayMs: 60_000, maxDelayMs: 60_000, signal: controller.signal },
  )
  await expect(retried).rejects.toBe(reason)
})

test('the kind of failure may depend on the attempt', async () => {
  const attempts: number[] = []
  const work = (attempt: number) => {
    attempts.push(attempt)
    throw conflict()
  }
  await expect(repeatWhile((_error, attempt) => attempt < 3, work, FAST)).rejects.toThrow()
  expect(attempts).toEqual([1, 2, 3])
})
