import type { Verdict } from '../report.ts'

/** What the command ends with: 0 it holds, 1 it does not, 2 it could not be told. */
export const EXIT = { holds: 0, broken: 1, untold: 2 } as const

// `partial` exists only where a selection was asked for, and then everything that was asked for held.
const OF_VERDICT: { readonly [Verdict_ in Verdict]: number } = {
  conformant: EXIT.holds,
  'conformant-with-waivers': EXIT.holds,
  partial: EXIT.holds,
  'not-conformant': EXIT.broken,
  invalid: EXIT.untold,
}

export function exitCodeOf(verdict: Verdict): number {
  return OF_VERDICT[verdict]
}
