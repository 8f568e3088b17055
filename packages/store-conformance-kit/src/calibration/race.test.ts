import { describe, expect, test } from 'vitest'
import { createCheck } from '../check.ts'
import { HarnessFailure } from '../harness-guard.ts'
import { CHECKS_TOO_EARLY, DEFECTS } from './defects.ts'
import { type Race, type RaceRound, type Racers, runRace } from './race.ts'

// A race looks at its racers through its own `run` only, and these have none.
const NOBODY = { stores: [] as unknown, processes: async () => [] } as Racers

/** Runs a race whose rounds are what `run` says, and notes on whom. */
async function raceWith(run: Race['run'], tries = 10) {
  const ran: string[] = []
  const check = createCheck()
  const noted = async (round: RaceRound) => {
    ran.push(`${round.isCalibration ? 'broken' : 'under test'} ${round.round}`)
    await run(round)
  }
  const race = { defect: CHECKS_TOO_EARLY, tries, run: noted }
  const result = await runRace(race, {
    check,
    meet: async () => NOBODY,
    meetBroken: async () => NOBODY,
  }).catch((error: unknown) => error)
  return { ran, result, checks: check.count }
}

describe('a race', () => {
  test('is run as often as the store that is broken on purpose says, first of all once', async () => {
    const { ran, result, checks } = await raceWith(async ({ check, isCalibration }) =>
      check.equal(isCalibration, false, 'who loses'),
    )
    expect(result).toEqual({ defect: CHECKS_TOO_EARLY.does, found: 10, tried: 10, rounds: 4 })
    const broken = Array.from({ length: 10 }, (_, round) => `broken ${round}`)
    expect(ran).toEqual(['under test 0', ...broken, 'under test 1', 'under test 2', 'under test 3'])
    // What the broken store is asked is no evidence for the other one.
    expect(checks).toBe(4)
  })

  test('needs more rounds when the broken store is caught less often', async () => {
    const { result } = await raceWith(async ({ check, isCalibration, round }) =>
      check.ok(!isCalibration || round % 2 === 0, 'who loses', round),
    )
    expect(result).toMatchObject({ found: 5, tried: 10, rounds: 14 })
  })

  test('is not judged when the broken store is never caught', async () => {
    const { result } = await raceWith(async ({ check }) => check.ok(true, 'nobody ever loses'))
    expect(result).toMatchObject({
      name: 'RaceNotCalibrated',
      message: expect.stringContaining('0 of 10 rounds'),
    })
  })

  test('needs no calibration for a store that loses at once', async () => {
    const { ran, result } = await raceWith(async ({ check }) => check.ok(false, 'everybody loses'))
    expect(ran).toEqual(['under test 0'])
    expect(result).toMatchObject({ name: 'CheckFailure' })
  })

  test('counts any error of the broken store as caught, and none of the harness', async () => {
    const fail =
      (error: Error) =>
      async ({ isCalibration }: RaceRound) => {
        if (isCalibration) throw error
      }
    expect((await raceWith(fail(new TypeError('no result')))).result).toMatchObject({ found: 10 })
    const failure = new HarnessFailure('open() failed')
    expect((await raceWith(fail(failure))).result).toBe(failure)
  })
})

test('every defect has a name of its own, by which another process finds it', () => {
  expect(new Set(DEFECTS.map(({ name }) => name)).size).toBe(DEFECTS.length)
})
