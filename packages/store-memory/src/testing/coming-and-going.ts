/** One step of {@link comeAndGo}. */
export interface Step {
  readonly turn: number
  /** Whether something comes, or goes. */
  readonly isComing: boolean
  /** A number from 0 to below the given one. */
  pick(below: number): number
}

/**
 * Twenty thousand steps in which things come and go, the same ones each time: what they are done to grows, is emptied
 * nearly, and grows again.
 */
export function* comeAndGo(): Iterable<Step> {
  let state = 1
  const pick = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
  for (let turn = 0; turn < 20_000; turn++) {
    yield { turn, isComing: pick(10) < (turn % 8_000 < 4_000 ? 8 : 2), pick }
  }
}
