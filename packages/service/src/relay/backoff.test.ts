import { afterEach, expect, test, vi } from 'vitest'
import { createBackoff } from './backoff.ts'

afterEach(() => vi.restoreAllMocks())

const pauses = (backoff: (attempt: number) => number) => [1, 2, 3, 4, 5, 60].map(backoff)

test('pauses double up to the greatest one, and chance only shortens them', () => {
  const backoff = createBackoff({ minMs: 100, maxMs: 1_000 })
  vi.spyOn(Math, 'random').mockReturnValue(0)
  expect(pauses(backoff)).toEqual([100, 200, 400, 800, 1_000, 1_000])
  vi.spyOn(Math, 'random').mockReturnValue(0.999999)
  expect(pauses(backoff)).toEqual([50, 100, 200, 400, 500, 500])
})
