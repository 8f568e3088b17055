import { KEEPS_LEASES_TO_ITSELF } from '../../calibration/defects.ts'
import type { RaceRound } from '../../calibration/race.ts'
import { type CaseContext, type ConformanceCase, onlyMultiProcess, onlyWithAttempts } from '../../case.ts'
import type { HandedOver } from '../../processes/process-jobs.ts'
import { ACME, type RecordMaker } from '../../records.ts'
import { appendEvents, claim, claimEventually, eventIds, eventOf } from '../outbox/steps.ts'
import { OF_PROCESSES } from './of-processes.ts'

const { tenantId } = ACME

export const PROCESS_LEASE_CASES: readonly ConformanceCase[] = [
  {
    id: 'OBX-02.processes-claim-at-once',
    rules: ['OBX-02', 'OBX-03', 'LIF-01'],
    title: 'of the claims of four processes at once no two hold an event, and each has a token of its own',
    ...OF_PROCESSES,
    notFor: onlyMultiProcess,
    run: ({ race, make }) =>
      race({ defect: KEEPS_LEASES_TO_ITSELF, run: (round) => claimInProcesses(round, make) }),
  },
  {
    id: 'OBX-03.a-paused-process-is-refused',
    rules: ['OBX-03', 'OBX-04', 'OBX-06'],
    title:
      'a process that was stopped while it held a lease, and goes on when another one has the events, is refused and changes nothing',
    ...OF_PROCESSES,
    notFor: (capabilities) => onlyMultiProcess(capabilities) ?? onlyWithAttempts(2)(capabilities),
    run: showZombie,
  },
  {
    id: 'OBX-04.processes-that-die-holding',
    rules: ['OBX-04', 'OBX-01', 'OBX-05', 'OBX-06'],
    title:
      'consumers in three processes, one of which is killed with a lease in its hands: nothing lost, nothing doubled under a live lease, order kept',
    ...OF_PROCESSES,
    run: showDyingConsumer,
  },
]

const PROCESSES = 4
/** How many events each process asks for. */
const BATCH = 10

async function claimInProcesses(
  { stores: [store], processes, check }: RaceRound,
  make: RecordMaker,
): Promise<void> {
  const events = await appendEvents(
    store,
    Array.from({ length: PROCESSES * BATCH }, () => make.event(tenantId)),
  )
  const request = { tenantId, limit: BATCH, leaseMs: 60_000 }
  const claimed = await Promise.all(
    (await processes(PROCESSES)).map((process, index) =>
      process.run('claim', { ...request, seed: index + 2 }),
    ),
  )
  // A claim may leave alone what others are claiming; who asks again gets it.
  const rest = await claim(store)
  const held = [...claimed.flat().map(({ id }) => id), ...eventIds(rest)]
  check.equal(held.toSorted(), events.map(({ id }) => id).toSorted(), 'the events that are held: each once')
  const tokens = [...claimed.flatMap(tokenOf), rest.token]
  check.equal(new Set(tokens).size, tokens.length, 'tokens')
  for (const lease of claimed) await settle(lease)
  if (rest.deliveries.length > 0) await store.outbox.ack({ token: rest.token, eventIds: eventIds(rest) })
  check.equal(eventIds(await claim(store)), [], 'what is left')

  async function settle(lease: readonly HandedOver[]): Promise<void> {
    const [token] = tokenOf(lease)
    if (token !== undefined) await store.outbox.ack({ token, eventIds: lease.map(({ id }) => id) })
  }
}

function tokenOf([first]: readonly HandedOver[]): readonly number[] {
  return first === undefined ? [] : [first.token]
}

async function showZombie({ open, startProcess, check, make, note }: CaseContext): Promise<void> {
  const store = await open()
  const events = await appendEvents(store, [eventOf(make, 'one'), eventOf(make, 'one'), eventOf(make, 'two')])
  const expected = events.map(({ id }) => id)
  const zombie = await startProcess()
  const lease = await zombie.run('claim', { tenantId, seed: 2, limit: 10, leaseMs: 1_000 })
  check.equal(
    lease.map(({ id }) => id),
    expected,
    'what the process holds',
  )
  zombie.pause()
  const [token = 0] = tokenOf(lease)
  const acked = zombie.run('ack', { tenantId, seed: 3, token, eventIds: expected })
  const taken = await claimEventually(store, check, { what: 'the lease of the stopped process runs out' })
  check.equal(eventIds(taken), expected, 'what is handed over again')
  check.ok(taken.token > token, 'the token is higher', [token, taken.token])
  zombie.resume()
  check.equal(await acked, { refusedWith: 'STALE_LEASE' }, 'the acknowledgement of the process that goes on')
  const { pending, leased } = await store.outbox.stats()
  check.equal([pending, leased], [0, expected.length], 'events that wait, and that are leased')
  await store.outbox.ack({ token: taken.token, eventIds: eventIds(taken) })
  note(`${expected.length} events taken from a process that was stopped`)
}

async function showDyingConsumer({ open, startProcess, check, make, note }: CaseContext): Promise<void> {
  const store = await open()
  const aggregates = Array.from({ length: 8 }, (_, index) => `aggregate-${index}`)
  const committed = new Map<string, string[]>(aggregates.map((aggregate) => [aggregate, []]))
  const total = 320
  for (let first = 0; first < total; first += aggregates.length) {
    const events = aggregates.map((aggregate) => eventOf(make, aggregate))
    await store.transact(ACME, (tx) => {
      for (const event of events) void tx.outbox.append(event)
    })
    for (const { id, aggregateId } of events) committed.get(aggregateId)?.push(id)
  }
  const [dying, ...living] = await Promise.all([startProcess(), startProcess(), startProcess()])
  const held = Promise.withResolvers<readonly HandedOver[]>()
  const leaseMs = 2_000
  const death = dying
    .run('drain', { tenantId, seed: 9, consumer: 'dying', leaseMs, holds: true, total }, (progress) =>
      held.resolve(progress as readonly HandedOver[]),
    )
    .catch(() => 'killed')
  const lease = await held.promise
  await dying.kill()
  check.equal(await death, 'killed', 'how the consumer ended')
  const results = await Promise.all(
    living.map((process, index) =>
      process.run('drain', {
        tenantId,
        seed: index + 2,
        consumer: `living ${index}`,
        leaseMs,
        holds: false,
        total,
      }),
    ),
  )
  const acked = results.flatMap((result) => result.acked).toSorted((one, other) => one.token - other.token)
  check.equal(
    acked.map(({ id }) => id).toSorted(),
    [...committed.values()].flat().toSorted(),
    'events: none lost, none doubled',
  )
  for (const [aggregate, ids] of committed) {
    const order = acked.filter(({ aggregateId }) => aggregateId === aggregate).map(({ id }) => id)
    check.equal(order, ids, `the order of ${aggregate}`)
  }
  const heldIds = new Set(lease.map(({ id }) => id))
  const again = acked.filter(({ id }) => heldIds.has(id))
  check.ok(heldIds.size > 0, 'the consumer died with a lease in its hands', lease)
  check.equal(new Set(again.map(({ attempt }) => attempt)), new Set([2]), 'the attempt that followed')
  check.ok(
    results.every((result) => result.acked.length > 0),
    'both others did some of the work',
    results.map((result) => result.acked.length),
  )
  note(`${acked.length} events, ${heldIds.size} of them recovered from a killed process`)
}
