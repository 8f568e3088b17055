import { type CaseContext, type ConformanceCase, onlyMultiProcess } from '../../case.ts'
import type { HandedOver } from '../../processes/process-jobs.ts'
import { ACME } from '../../records.ts'
import { collect, findHalves } from '../life-cycle/collect.ts'
import { eventOf } from '../outbox/steps.ts'

const ofProcesses = { notFor: onlyMultiProcess, needs: ['processes'], timeoutMs: 90_000 } as const
const { tenantId } = ACME

export const PROCESS_CASES: readonly ConformanceCase[] = [
  {
    id: 'TXN-09.processes-contend',
    rules: ['TXN-09', 'VER-03', 'LIF-01'],
    title: 'writers in four processes that contend for one record all finish, and none is lost',
    ...ofProcesses,
    run: showContention,
  },
  {
    id: 'TXN-04.one-key-in-several-processes',
    rules: ['TXN-04', 'LIF-01'],
    title: 'of four processes that use one idempotency key at once one does the work, and all get its result',
    ...ofProcesses,
    run: showOneKey,
  },
  {
    id: 'OBX-04.processes-that-die-holding',
    rules: ['OBX-04', 'OBX-01', 'OBX-05', 'OBX-06'],
    title:
      'consumers in three processes, one of which is killed with a lease in its hands: nothing lost, nothing doubled under a live lease, order kept',
    ...ofProcesses,
    run: showDyingConsumer,
  },
  {
    id: 'LIF-03.killed-clients-leave-nothing-half-made',
    rules: ['LIF-03', 'TXN-01', 'TXN-02'],
    title:
      'when writing processes are killed, what they were told is committed is there, and nothing is half-made or locked',
    ...ofProcesses,
    tier: 'D0',
    run: showKilledClients,
  },
]

async function showContention({ open, startProcess, check, make, note }: CaseContext): Promise<void> {
  const store = await open()
  const { user } = await make.addMember(store, tenantId)
  const [count, times] = [4, 10]
  const processes = await Promise.all(Array.from({ length: count }, () => startProcess()))
  const results = await Promise.all(
    processes.map((process, index) =>
      process.run('increment', { tenantId, seed: index + 2, userId: user.id, times }),
    ),
  )
  const repeats = results.reduce((sum, result) => sum + result.repeats, 0)
  await store.read(ACME, async (reader) => {
    const after = await reader.users.get(user.id)
    const expected = count * times + 1
    check.equal(
      [after?.version, after?.displayName],
      [expected, `version ${expected}`],
      'the record afterwards',
    )
    const { items } = await reader.audit.list({ page: { limit: 500 } })
    check.equal(items.length, count * times, 'audit records: one of each change')
  })
  // A store that lets writers take turns has nothing to repeat; what counts is that they were there together.
  const lastStart = Math.max(...results.map(({ startedAt }) => startedAt))
  const firstEnd = Math.min(...results.map(({ endedAt }) => endedAt))
  check.ok(lastStart < firstEnd, 'the processes were at work at the same time', { lastStart, firstEnd })
  note(`${count} processes, ${repeats} repetitions`)
}

async function showOneKey({ open, startProcess, check }: CaseContext): Promise<void> {
  const store = await open()
  const processes = await Promise.all(Array.from({ length: 4 }, () => startProcess()))
  const results = await Promise.all(
    processes.map((process, index) => process.run('once', { tenantId, seed: index + 2, key: 'sign-up' })),
  )
  const users = await store.read(ACME, async (reader) => (await reader.users.list()).items)
  check.equal(users.length, 1, 'users that were inserted')
  check.equal(
    results.map(({ userId }) => userId),
    results.map(() => users[0]?.id),
    'what each process was told',
  )
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

async function showKilledClients({ open, startProcess, check, make, note }: CaseContext): Promise<void> {
  const store = await open()
  const { user } = await make.addMember(store, 'elsewhere')
  const [holder, ...writers] = await Promise.all([startProcess(), startProcess(), startProcess()])
  const ended: Promise<unknown>[] = []
  const acknowledged = new Set<string>()
  const enough = Promise.withResolvers<void>()
  for (const [index, writer] of writers.entries()) {
    const onProgress = (id: unknown) => {
      acknowledged.add(String(id))
      if (acknowledged.size >= 60) enough.resolve()
    }
    ended.push(writer.run('write', { tenantId, seed: index + 2 }, onProgress).catch(() => 'killed'))
  }
  await enough.promise
  await Promise.all(writers.map((process) => process.kill()))
  // After the writers: a store may let one transaction run at a time.
  const holding = Promise.withResolvers<unknown>()
  const held = { tenantId: 'elsewhere', seed: 8, userId: user.id }
  ended.push(holder.run('hold', held, holding.resolve).catch(() => 'killed'))
  await holding.promise
  await holder.kill()
  check.equal(await Promise.all(ended), ['killed', 'killed', 'killed'], 'how the processes ended')
  const found = await collect(store)
  check.equal(
    [...acknowledged].filter((id) => !found.users.has(id)),
    [],
    'acknowledged users that are lost',
  )
  check.equal(findHalves(found), [], 'users without audit record or event, or the other way round')
  // Whatever the killed transaction had locked is free again, and what it had written is gone.
  const change = make.update(user.id, 1, { displayName: 'free' })
  const update = store.transact({ tenantId: 'elsewhere' }, (tx) => tx.users.update(change), {
    timeoutMs: 10_000,
  })
  const settled = await check.settlesWithin(update, 12_000, 'a change of what a killed process had changed')
  check.equal(settled.status, 'fulfilled', 'the outcome of that change')
  note(`${acknowledged.size} commits acknowledged to processes that were killed; ${found.users.size} found`)
}
