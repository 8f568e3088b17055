import { expect, test } from 'vitest'
import { profileRound } from './profile.ts'

function spin(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

test('the function that takes the time is named, with its place in the repository', async () => {
  const round = async () => {
    for (let count = 0; count < 50; count += 1) spin(2)
    return { rate: 500, latency: { p50: 2, p95: 2, p99: 2 }, clientCpu: 2_000, serverCpu: null }
  }
  const { key, top } = await profileRound('spinning', round, 100)
  expect(key).toBe('spinning')
  const own = top.find(({ name }) => name === 'spin')
  expect(own?.place).toBe('bench/src/measure/profile.test.ts')
  expect(top.reduce((sum, { microseconds }) => sum + microseconds, 0)).toBeGreaterThan(500)
  expect(JSON.stringify(top)).not.toContain('file:')
})
