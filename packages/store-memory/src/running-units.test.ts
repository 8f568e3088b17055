import { expect, test } from 'vitest'
import { createRunningUnits, type RunningUnit } from './running-units.ts'

function makeUnit(name: string, cutOff: string[]): RunningUnit {
  return {
    deadline: performance.now() + 60_000,
    timeoutMs: 60_000,
    cutOff: ({ code }) => cutOff.push(`${name} ${code}`),
    earlier: null,
    later: null,
  }
}

test.each([
  ['the first', 'a', ['b STORE_CLOSED', 'c STORE_CLOSED']],
  ['one in the middle', 'b', ['a STORE_CLOSED', 'c STORE_CLOSED']],
  ['the last', 'c', ['a STORE_CLOSED', 'b STORE_CLOSED']],
])('when %s has ended, the others are still watched over', async (_which, ended, expected) => {
  const cutOff: string[] = []
  const units = new Map(['a', 'b', 'c'].map((name) => [name, makeUnit(name, cutOff)]))
  const running = createRunningUnits()
  for (const unit of units.values()) running.add(unit)
  const gone = units.get(ended) as RunningUnit
  running.remove(gone)
  units.delete(ended)
  expect([gone.earlier, gone.later]).toEqual([null, null])
  expect(running.size).toBe(2)

  const drained = running.drain(1)
  await expect.poll(() => cutOff).toEqual(expected)
  for (const unit of units.values()) running.remove(unit)
  await drained
  expect(running.size).toBe(0)
})

test('units that come and go leave nothing behind', async () => {
  const running = createRunningUnits()
  for (let n = 0; n < 3; n++) {
    const unit = makeUnit(`${n}`, [])
    running.add(unit)
    running.remove(unit)
  }
  await running.drain(60_000)
  expect(running.size).toBe(0)
})
