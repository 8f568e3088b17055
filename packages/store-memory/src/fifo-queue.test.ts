import { expect, it } from 'vitest'
import { createFifoQueue } from './fifo-queue.ts'

it('gives back what was put in, in that order, however puts and takes alternate', () => {
  const queue = createFifoQueue<number>()
  let put = 0
  let taken = 0
  for (let round = 1; round <= 40; round++) {
    for (let count = 0; count < round * 50; count++) queue.put(put++)
    for (let count = 0; count < round * 45; count++) expect(queue.take()).toBe(taken++)
    expect(queue.size).toBe(put - taken)
  }
  while (taken < put) expect(queue.take()).toBe(taken++)
  expect(queue.take()).toBeUndefined()
  queue.put(1)
  expect(queue.take()).toBe(1)
  expect(queue.size).toBe(0)
})
