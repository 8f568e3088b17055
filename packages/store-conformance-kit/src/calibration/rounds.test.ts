import { expect, test } from 'vitest'
import { type Calibration, chanceToSurvive, roundsFor, THREE_SIGMA } from './rounds.ts'

test.each([
  { found: 10, tried: 10, rounds: 4 },
  { found: 5, tried: 5, rounds: 5 },
  { found: 5, tried: 10, rounds: 14 },
  { found: 1, tried: 10, rounds: 192 },
  { found: 1, tried: 20, rounds: null },
  { found: 0, tried: 10, rounds: null },
])('a store that was caught in $found of $tried rounds takes $rounds', ({ rounds, ...calibration }) => {
  expect(roundsFor(calibration)).toBe(rounds)
  if (rounds === null) return
  expect(chanceToSurvive(calibration, rounds)).toBeLessThanOrEqual(THREE_SIGMA)
  expect(chanceToSurvive(calibration, rounds - 1)).toBeGreaterThan(THREE_SIGMA)
})

test.each([
  { found: 10, tried: 10, rounds: 4 },
  { found: 3, tried: 10, rounds: 7 },
])(
  'the chance to survive $rounds rounds is the mean over every possible rate',
  ({ rounds, ...calibration }) => {
    expect(chanceToSurvive(calibration, rounds)).toBeCloseTo(integrate(calibration, rounds), 6)
  },
)

// The same mean by adding up: how likely each rate makes what was seen, times how likely it survives.
function integrate({ found, tried }: Calibration, rounds: number): number {
  const steps = 100_000
  let [weights, survived] = [0, 0]
  for (let step = 0; step < steps; step++) {
    const rate = (step + 0.5) / steps
    const weight = rate ** found * (1 - rate) ** (tried - found)
    weights += weight
    survived += weight * (1 - rate) ** rounds
  }
  return survived / weights
}
