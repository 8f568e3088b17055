import { expect, test } from 'vitest'
import { createDeliverySlots } from './delivery-slots.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('work waits for a slot in the order of the calls, and a slot is kept until the sink has let go', async () => {
  let changes = 0
  const slots = createDeliverySlots(1, () => changes++)
  const started: number[] = []
  const first = Promise.withResolvers<void>()
  const hung = Promise.withResolvers<never>()
  slots.run(3, async () => {
    started.push(1)
    await first.promise
    await slots.untilLetGo(hung.promise)
  })
  slots.run(2, async () => void started.push(2))
  await turn()
  expect([started, slots.waiting, slots.busy, slots.isStalled]).toEqual([[1], 2, 1, false])
  first.resolve()
  await turn()
  expect([slots.overdue, slots.isStalled, changes]).toEqual([1, true, 2])
  hung.reject(new Error('x'))
  await turn()
  expect([started, slots.waiting, slots.busy, slots.isStalled]).toEqual([[1, 2], 0, 0, false])
})
