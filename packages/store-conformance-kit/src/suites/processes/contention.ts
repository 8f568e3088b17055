import { NOTES_KEYS_AFTERWARDS, WRITES_OVER_CHANGES } from '../../calibration/defects.ts'
import type { RaceRound } from '../../calibration/race.ts'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { ACME, type RecordMaker } from '../../records.ts'
import { OF_PROCESSES } from './of-processes.ts'

const { tenantId } = ACME

export const PROCESS_CONTENTION_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-09.processes-contend',
    rules: ['TXN-09', 'VER-03', 'LIF-01'],
    title: 'writers in four processes that contend for one record all finish, and none is lost',
    ...OF_PROCESSES,
    run: showContention,
  },
  {
    id: 'TXN-04.one-key-in-several-processes',
    rules: ['TXN-04', 'LIF-01'],
    title: 'of four processes that use one idempotency key at once one does the work, and all get its result',
    ...OF_PROCESSES,
    run: ({ race }) => race({ defect: NOTES_KEYS_AFTERWARDS, run: useOneKey }),
  },
]

const PROCESSES = 4
/** How often each process changes the record in one round. */
const TIMES = 10

async function showContention({ race, make, note }: CaseContext): Promise<void> {
  let repeats = 0
  await race({
    defect: WRITES_OVER_CHANGES,
    tries: 5,
    async run(round) {
      const repeated = await incrementAtOnce(round, make)
      if (!round.isCalibration) repeats += repeated
    },
  })
  note(`${PROCESSES} processes, ${repeats} repetitions`)
}

/** Says how often a change had to be repeated. */
async function incrementAtOnce(
  { stores: [store], processes, check, round }: RaceRound,
  make: RecordMaker,
): Promise<number> {
  const { user } = await make.addMember(store, tenantId)
  const target = { type: 'user', id: user.id } as const
  const results = await Promise.all(
    (await processes(PROCESSES)).map((process, index) =>
      process.run('increment', { tenantId, seed: seedOf(round, index), userId: user.id, times: TIMES }),
    ),
  )
  const total = PROCESSES * TIMES
  await store.read(ACME, async (reader) => {
    const after = await reader.users.get(user.id)
    const expected = [total + 1, `version ${total + 1}`]
    check.equal([after?.version, after?.displayName], expected, 'the record afterwards')
    const { items } = await reader.audit.list({ filter: { target }, page: { limit: 500 } })
    const seen = items.map(({ correlationId }) => correlationId)
    const versions = Array.from({ length: total }, (_, index) => `saw ${index + 1}`)
    check.equal(seen.toSorted(), versions.toSorted(), 'what each change was made of: every version once')
  })
  // A store that lets writers take turns has nothing to repeat; what counts is that they were there together.
  const lastStart = Math.max(...results.map(({ startedAt }) => startedAt))
  const firstEnd = Math.min(...results.map(({ endedAt }) => endedAt))
  check.ok(lastStart < firstEnd, 'the processes were at work at the same time', { lastStart, firstEnd })
  return results.reduce((sum, result) => sum + result.repeats, 0)
}

async function useOneKey({ stores: [store], processes, check, round }: RaceRound): Promise<void> {
  const scope = { tenantId: `round-${round}` }
  const results = await Promise.all(
    (await processes(PROCESSES)).map((process, index) =>
      process.run('once', { ...scope, seed: seedOf(round, index), key: 'sign-up' }),
    ),
  )
  const users = await store.read(scope, async (reader) => (await reader.users.list()).items)
  check.equal(users.length, 1, 'users that were inserted')
  check.equal(
    results.map(({ userId }) => userId),
    results.map(() => users[0]?.id),
    'what each process was told',
  )
}

// Every process of every round makes ids of its own.
function seedOf(round: number, index: number): number {
  return 2 + round * PROCESSES + index
}
