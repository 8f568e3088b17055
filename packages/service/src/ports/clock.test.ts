import { instantSchema } from '@user-engine/store-protocol'
import { afterEach, expect, test, vi } from 'vitest'
import { createSystemClock } from './clock.ts'

afterEach(() => vi.useRealTimers())

test('the clock tells the time of the machine, in UTC with milliseconds [VAL-04]', () => {
  vi.useFakeTimers({ now: Date.parse('2026-03-29T01:30:00.007Z') })
  const clock = createSystemClock()
  expect(clock.now()).toBe('2026-03-29T01:30:00.007Z')
  vi.setSystemTime(Date.parse('2026-03-29T01:30:00.008Z'))
  expect(clock.now()).toBe('2026-03-29T01:30:00.008Z')
  expect(instantSchema.safeParse(clock.now()).success).toBe(true)
})
