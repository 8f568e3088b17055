import { expect, test } from 'vitest'
import { TrackedPromise } from './tracked-promise.ts'

test('a rejection that nobody looks at is not unhandled and counts as unseen', async () => {
  const unhandled: unknown[] = []
  const onUnhandled = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', onUnhandled)
  const failed = TrackedPromise.rejected(new RangeError('unseen'))
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', onUnhandled)
  expect(unhandled).toEqual([])
  expect(failed.wasSeen).toBe(false)
})

test.each([
  ['awaited', async (failed: Promise<unknown>) => await failed],
  ['returned from an async function', async (failed: Promise<unknown>) => failed],
  ['caught', (failed: Promise<unknown>) => failed.catch((error: unknown) => Promise.reject(error))],
  ['in Promise.all', async (failed: Promise<unknown>) => await Promise.all([failed])],
])('a rejection that is %s counts as seen', async (_, look) => {
  const failed = TrackedPromise.rejected(new RangeError('seen'))
  await expect(look(failed)).rejects.toThrow('seen')
  expect(failed.wasSeen).toBe(true)
})

test('a value passes through', async () => {
  await expect(TrackedPromise.of(Promise.resolve(7))).resolves.toBe(7)
})
