// How many rounds of a race are enough? As many as it takes to find a store that is known to lose it.
import type { UserEngineStore } from '@user-engine/store-protocol'
import { type Check, createCheck } from '../check.ts'
import { HarnessFailure } from '../harness-guard.ts'
import type { StoreProcess } from '../processes/store-process.ts'
import type { Defect } from './defects.ts'
import { type Calibration, roundsFor } from './rounds.ts'

/** Who races: instances and processes on one namespace. */
export interface Racers {
  /** Two instances where the manifest says that they share a backend, else one. */
  readonly stores: readonly [UserEngineStore, ...UserEngineStore[]]
  /** So many other processes, the same ones in every round. For cases that need `processes`. */
  processes(count: number): Promise<readonly StoreProcess[]>
}

/** What one round of a race works with. */
export interface RaceRound extends Racers {
  readonly check: Check
  /** Counts from 0 on these racers. */
  readonly round: number
  /** Whether the racers are broken on purpose: then nobody needs to know more than that they were caught. */
  readonly isCalibration: boolean
}

/** Calls at the same time whose outcome scheduling decides: once is no evidence, so rounds are counted. */
export interface Race {
  /** What the store that is broken on purpose does wrong. */
  readonly defect: Defect
  /** How many rounds the broken store gets. Default: 10. */
  readonly tries?: number
  /**
   * Runs once and asserts. It must bear being repeated on the same racers, and must have ended everything it began
   * when it fails.
   */
  run(round: RaceRound): Promise<void>
}

/** What the calibration of a race found, and how often the race was run because of it. */
export interface RaceResult {
  /** What the broken store does. */
  readonly defect: string
  /** In how many rounds it was caught, of how many. */
  readonly found: number
  readonly tried: number
  /** How many rounds the store under test had to survive. */
  readonly rounds: number
}

/** A race that could not be judged: the store that is broken on purpose was not caught. */
export class RaceNotCalibrated extends Error {
  override readonly name = 'RaceNotCalibrated'
}

const DEFAULT_TRIES = 10

/**
 * Runs a race on the store under test as often as its calibration asks for. The first round comes before the
 * calibration, which a store that always loses need not wait for.
 * @throws CheckFailure when the store under test loses. @throws RaceNotCalibrated when the broken one does not.
 */
export async function runRace(
  race: Race,
  {
    check,
    meet,
    meetBroken,
  }: {
    readonly check: Check
    /** Brings the racers together on the namespace of the case. */
    readonly meet: () => Promise<Racers>
    /** Does the same on a namespace that nothing else uses, with stores that have the defect. */
    readonly meetBroken: (defect: Defect) => Promise<Racers>
  },
): Promise<RaceResult> {
  const racers = await meet()
  await race.run({ ...racers, check, round: 0, isCalibration: false })
  const calibration = await calibrate(race, await meetBroken(race.defect))
  const rounds = roundsFor(calibration)
  const { found, tried } = calibration
  const { does } = race.defect
  if (rounds === null)
    throw new RaceNotCalibrated(
      `A store that ${does} was caught in ${found} of ${tried} rounds: too few to judge another one by.`,
    )
  for (let round = 1; round < rounds; round++)
    await race.run({ ...racers, check, round, isCalibration: false })
  return { defect: does, found, tried, rounds }
}

async function calibrate({ tries = DEFAULT_TRIES, run }: Race, racers: Racers): Promise<Calibration> {
  let found = 0
  for (let round = 0; round < tries; round++) {
    try {
      await run({ ...racers, check: createCheck(), round, isCalibration: true })
    } catch (error) {
      if (error instanceof HarnessFailure) throw error
      // Whatever else goes wrong would have failed the store under test as well.
      found += 1
    }
  }
  return { found, tried: tries }
}
