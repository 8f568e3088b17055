import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { callAfter } from './deadlines.ts'

function after(ms: number, reached: number[]): ReturnType<typeof callAfter> {
  return callAfter(ms, () => reached.push(ms))
}

const within = (ms: number) => new Promise<void>((resolve) => callAfter(ms, resolve))

test('deadlines are reached in their order, not in that of being set, and never early', async () => {
  const reached: number[] = []
  const start = performance.now()
  for (const ms of [60, 20, 40, 20]) after(ms, reached)
  await within(60)
  expect(performance.now() - start).toBeGreaterThanOrEqual(60)
  expect(reached).toEqual([20, 20, 40, 60])
})

test('one that is taken back is not reached, the others are', async () => {
  const reached: number[] = []
  const taken = [after(10, reached), after(30, reached)]
  after(20, reached)
  for (const deadline of taken) deadline.cancel()
  await within(40)
  expect(reached).toEqual([20])
})

test('one that is set when another is reached is reached too', async () => {
  const reached: number[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  callAfter(5, () => {
    reached.push(1)
    callAfter(5, () => {
      reached.push(2)
      resolve()
    })
  })
  await promise
  expect(reached).toEqual([1, 2])
})

test('one that is far away does not keep a nearer one, nor an empty moment the others', async () => {
  const reached: number[] = []
  const far = after(60_000, reached)
  after(10, reached).cancel()
  after(15, reached)
  await delay(30)
  expect(reached).toEqual([15])
  far.cancel()
})
