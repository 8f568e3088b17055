import { expect, test } from 'vitest'
import { createBell } from './bell.ts'

test('a ring ends the wait of whoever waits', async () => {
  const bell = createBell()
  const waited = bell.wait()
  bell.ring()
  await waited
})

test('a ring that nobody waits for ends the next wait, once', async () => {
  const bell = createBell()
  bell.ring()
  bell.ring()
  await bell.wait()
  const startedAt = performance.now()
  await bell.wait(20)
  expect(performance.now() - startedAt).toBeGreaterThan(15)
})
