// How many rounds of a race are enough, given how often a store that is known to lose it was caught.

/** In how many rounds a broken store was caught, of how many. */
export interface Calibration {
  readonly found: number
  readonly tried: number
}

/** The chance beyond three sigma on both sides of a normal distribution. */
export const THREE_SIGMA = 0.0027

/** Beyond it, a race says too little in each round to be worth its time. */
const MAX_ROUNDS = 200

/**
 * The chance that a store with the defect survives this many rounds: the mean of `(1 - p) ** rounds` when every `p` was
 * as likely as any other before the tries (Laplace's rule of succession).
 */
export function chanceToSurvive({ found, tried }: Calibration, rounds: number): number {
  let chance = 1
  for (let round = 0; round < rounds; round++) chance *= (tried - found + 1 + round) / (tried + 2 + round)
  return chance
}

/** The least number of rounds that such a store survives by less than three sigma, or null when it is too many. */
export function roundsFor(calibration: Calibration): number | null {
  if (calibration.found === 0) return null
  for (let rounds = 1; rounds <= MAX_ROUNDS; rounds++)
    if (chanceToSurvive(calibration, rounds) <= THREE_SIGMA) return rounds
  return null
}
