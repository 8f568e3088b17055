import type { CaseContext, ConformanceCase } from '../../case.ts'
import { onlyWithAttempts } from '../../case.ts'
import { appendEvents, claim, eventIds, eventOf } from './steps.ts'

/** How many blocked aggregates the stats name at most. */
const MAX_BLOCKED = 20

export const STATS_CASES: readonly ConformanceCase[] = [
  {
    id: 'OBX-09.stats-say-what-blocks',
    rules: ['OBX-09', 'OBX-05'],
    title:
      'stats give pending, leased and dead events, the oldest age, and the aggregates that keep others back',
    notFor: onlyWithAttempts(2),
    run: (context) => showStats(context),
  },
  {
    id: 'OBX-09.oldest-first-and-no-more-than-twenty',
    rules: ['OBX-09'],
    title: 'of many blocked aggregates the stats name twenty, the longest waiting first',
    async run({ open, check, make }) {
      const store = await open()
      const aggregates = Array.from({ length: 25 }, (_, index) => `aggregate-${index}`)
      for (const aggregate of aggregates)
        await appendEvents(store, [eventOf(make, aggregate), eventOf(make, aggregate)])
      // Heads only: each claim may hold more than one event of an aggregate, which would leave none waiting.
      const leased = new Set<string>()
      for (let round = 0; round < 60 && leased.size < aggregates.length; round++)
        for (const { event } of (await claim(store, 1)).deliveries) leased.add(event.aggregateId)
      check.equal(leased.size, aggregates.length, 'aggregates with a leased event')
      const { blocked } = await store.outbox.stats()
      const expected = aggregates.slice(0, MAX_BLOCKED).map((aggregateId) => ({
        ...{ aggregateType: 'user', aggregateId },
        ...{ because: 'leased', waiting: 1 },
      }))
      check.equal(blocked, expected, 'what blocks')
    },
  },
]

async function showStats({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const idle = { pending: 0, leased: 0, dead: 0, oldestAgeMs: null, blocked: [] }
  check.equal(await store.outbox.stats(), idle, 'stats of an empty outbox')
  await appendEvents(store, [eventOf(make, 'a'), eventOf(make, 'b'), eventOf(make, 'c')])
  const heads = new Map<string, { readonly token: number; readonly id: string }>()
  for (let round = 0; round < 3; round++) {
    const lease = await claim(store, 1)
    for (const { event } of lease.deliveries)
      heads.set(event.aggregateId, { token: lease.token, id: event.id })
  }
  check.equal([...heads.keys()].sort(), ['a', 'b', 'c'], 'what was handed over')
  await appendEvents(store, [eventOf(make, 'a'), eventOf(make, 'a'), eventOf(make, 'b')])
  const [b, c] = [heads.get('b'), heads.get('c')]
  await store.outbox.nack({
    token: b?.token ?? 0,
    eventIds: [b?.id ?? ''],
    reason: 'not now',
    retryAfterMs: 60_000,
  })
  await store.outbox.deadLetter({ token: c?.token ?? 0, eventIds: [c?.id ?? ''], reason: 'never' })
  const age = async () => (await store.outbox.stats()).oldestAgeMs
  const first = await age()
  await check.eventually(
    async () => (((await age()) ?? 0) >= (first ?? 0) + 5 ? true : undefined),
    'the oldest age grows',
  )
  const { oldestAgeMs, blocked, ...counts } = await store.outbox.stats()
  check.equal(counts, { pending: 4, leased: 1, dead: 1 }, 'the counts')
  check.ok(oldestAgeMs !== null && oldestAgeMs < 60_000, 'the oldest age is that of this case', oldestAgeMs)
  const expected = [
    { aggregateType: 'user', aggregateId: 'a', because: 'leased', waiting: 2 },
    { aggregateType: 'user', aggregateId: 'b', because: 'waiting-for-retry', waiting: 1 },
  ]
  check.equal(blocked, expected, 'what blocks')
  const a = heads.get('a')
  await store.outbox.ack({ token: a?.token ?? 0, eventIds: [a?.id ?? ''] })
  const next = await claim(store, 1)
  await store.outbox.ack({ token: next.token, eventIds: [...eventIds(next)] })
  const after = await store.outbox.stats()
  check.equal(
    [after.pending, after.leased, after.dead],
    [3, 0, 1],
    'the counts after two events were settled',
  )
  check.equal(after.blocked, expected.slice(1), 'what blocks after the first aggregate goes on')
}
