import { type CaseContext, type ConformanceCase, onlyWithAttempts } from '../../case.ts'
import { createGate, endedOrBlocked } from '../../gate.ts'
import { ACME } from '../../records.ts'
import { LOOKALIKES } from '../values/lookalikes.ts'
import { appendEvents, claim, claimEventually, drain, eventIds, eventOf, SHORT_MS } from './steps.ts'

export const ORDER_CASES: readonly ConformanceCase[] = [
  {
    id: 'OBX-05.leased-aggregates-wait',
    rules: ['OBX-05', 'OBX-02'],
    title:
      'while an event of an aggregate is leased no later one is handed to anybody else; other aggregates go on',
    async run({ open, check, make }) {
      const store = await open()
      const [a1, a2] = await appendEvents(store, [eventOf(make, 'a'), eventOf(make, 'a')])
      const first = await claim(store, 1)
      check.equal(eventIds(first), [a1?.id], 'the first hand-over')
      check.equal(eventIds(await claim(store)), [], 'the second: the aggregate waits')
      const [b1] = await appendEvents(store, [eventOf(make, 'b')])
      check.equal(eventIds(await claim(store)), [b1?.id], 'the third: the other aggregate only')
      await store.outbox.ack({ token: first.token, eventIds: eventIds(first) as string[] })
      check.equal(eventIds(await claim(store)), [a2?.id], 'the fourth: what waited')
    },
  },
  {
    id: 'OBX-05.retries-keep-the-order',
    rules: ['OBX-05', 'OBX-07'],
    title:
      'while an event waits for its retry no later one of its aggregate is handed over; other aggregates go on',
    notFor: onlyWithAttempts(2),
    async run({ open, check, make }) {
      const store = await open()
      const [a1, a2, b1] = [eventOf(make, 'a'), eventOf(make, 'a'), eventOf(make, 'b')]
      await appendEvents(store, [a1, a2])
      const { token, deliveries } = await claim(store, 1)
      check.equal(
        deliveries.map(({ event }) => event.id),
        [a1.id],
        'the first hand-over',
      )
      await store.outbox.nack({ token, eventIds: [a1.id], reason: 'not now', retryAfterMs: 150 })
      await appendEvents(store, [b1])
      check.equal(eventIds(await claim(store)), [b1.id], 'only the other aggregate')
      const retried = await claimEventually(store, check, { what: 'the retry is handed over', limit: 1 })
      check.equal(retried.deliveries, [{ event: a1, attempt: 2 }], 'the retry')
      await store.outbox.ack({ token: retried.token, eventIds: [a1.id] })
      check.equal((await claim(store)).deliveries, [{ event: a2, attempt: 1 }], 'what waited behind it')
    },
  },
  {
    id: 'OBX-05.retries-are-not-early',
    rules: ['OBX-05', 'OBX-07'],
    title: 'an event that was given back is not handed over before its time',
    notFor: onlyWithAttempts(2),
    async run({ open, check, make }) {
      const store = await open()
      const [event] = await appendEvents(store, [eventOf(make, 'a')])
      const { token } = await claim(store)
      const retryAfterMs = 120
      const before = performance.now()
      await store.outbox.nack({ token, eventIds: [event?.id ?? ''], reason: 'not now', retryAfterMs })
      await claimEventually(store, check, { what: 'the retry is handed over' })
      // A clock may be coarse; a hand-over at once is what must not happen.
      const waited = performance.now() - before
      check.ok(waited >= retryAfterMs * 0.9, `it waited for ${retryAfterMs} ms`, waited)
    },
  },
  {
    id: 'OBX-05.expired-leases-keep-the-order',
    rules: ['OBX-05', 'OBX-04'],
    title: 'when a lease runs out, the event comes again before every later one of its aggregate',
    notFor: onlyWithAttempts(2),
    async run({ open, check, make }) {
      const store = await open()
      const events = Array.from({ length: 4 }, () => eventOf(make, 'a'))
      await appendEvents(store, events)
      await store.outbox.claim({ consumer: 'dies', limit: 1, leaseMs: SHORT_MS })
      const seen: string[] = []
      while (seen.length < events.length) {
        const lease = await claimEventually(store, check, { what: 'the next event is handed over' })
        seen.push(...eventIds(lease))
        await store.outbox.ack({ token: lease.token, eventIds: [...eventIds(lease)] })
      }
      check.equal(
        seen,
        events.map(({ id }) => id),
        'the order of hand-overs',
      )
    },
  },
  {
    id: 'OBX-05.commit-order-within-an-aggregate',
    rules: ['OBX-05', 'OBX-01'],
    title:
      'events of one aggregate leave in the order of commits, not of appends, and in the order of appends within one',
    run: (context) => showCommitOrder(context),
  },
  {
    id: 'OBX-05.aggregates-are-told-apart',
    rules: ['OBX-05', 'IDN-04'],
    title: 'aggregates whose types or ids differ only in how they look do not keep each other back',
    async run({ open, check, make }) {
      const store = await open()
      const events = LOOKALIKES.flatMap((text) => [
        make.event(ACME.tenantId, { aggregateId: text }),
        make.event(ACME.tenantId, { aggregateType: text, aggregateId: 'one' }),
      ])
      await appendEvents(store, events)
      const heads: string[] = []
      for (let round = 0; round < events.length; round++) heads.push(...eventIds(await claim(store)))
      check.equal(
        heads.toSorted(),
        events.map(({ id }) => id),
        'what is handed over while nothing is settled',
      )
    },
  },
]

async function showCommitOrder({ openAll, check, make }: CaseContext): Promise<void> {
  const stores = await openAll()
  const [store] = stores
  const other = stores.at(-1) ?? store
  const [slow1, slow2, quick] = [eventOf(make, 'a'), eventOf(make, 'a'), eventOf(make, 'a')]
  const [appended, finish] = [createGate(), createGate()]
  const first = store.transact(ACME, async (tx) => {
    await tx.outbox.append(slow2)
    await tx.outbox.list()
    appended.open()
    await finish.opened
    await tx.outbox.append(slow1)
  })
  await Promise.race([appended.opened, first])
  const second = other.transact(ACME, (tx) => tx.outbox.append(quick))
  const step = await endedOrBlocked(second)
  finish.open()
  await Promise.all([first, second])
  const slow = [slow2.id, slow1.id]
  const expected = step === 'ended' ? [quick.id, ...slow] : [...slow, quick.id]
  const { items } = await store.read(ACME, (reader) => reader.outbox.list())
  check.equal(
    items.map(({ event }) => event.id),
    expected,
    'the log of the tenant',
  )
  check.equal(await drain(store), expected, 'the order of hand-overs')
}
