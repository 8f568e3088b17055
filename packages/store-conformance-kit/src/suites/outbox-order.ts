import { setTimeout as delay } from 'node:timers/promises'
import { isUserEngineError, type OutboxDelivery, type UserEngineStore } from '@user-engine/store-protocol'
import type { CaseContext, ConformanceCase } from '../case.ts'
import { createGate } from '../gate.ts'
import { ACME } from '../records.ts'
import { appendEvents, claim, eventIds } from './outbox-leases.ts'

export const ORDER_CASES: readonly ConformanceCase[] = [
  {
    id: 'OBX-05.leased-aggregates-wait',
    rules: ['OBX-05'],
    title:
      'while an event of an aggregate is leased no later one is handed to anybody else; other aggregates go on',
    async run({ open, check, make }) {
      const store = await open()
      const [a1, a2, b1] = [aggregateEvent(make, 'a'), aggregateEvent(make, 'a'), aggregateEvent(make, 'b')]
      await appendEvents(store, [a1, a2, b1])
      const first = await store.outbox.claim({ consumer: 'one', limit: 1, leaseMs: 60_000 })
      check.equal(eventIds(first), [a1.id], 'the first hand-over')
      check.equal(eventIds(await claim(store)), [b1.id], 'the second: the other aggregate only')
      await store.outbox.ack({ token: first.token, eventIds: [a1.id] })
      check.equal(eventIds(await claim(store)), [a2.id], 'the third: what waited')
    },
  },
  {
    id: 'OBX-05.retries-keep-the-order',
    rules: ['OBX-05', 'OBX-07'],
    title:
      'while an event waits for its retry no later one of its aggregate is handed over; other aggregates go on',
    async run({ open, check, make }) {
      const store = await open()
      const [a1, a2, b1] = [aggregateEvent(make, 'a'), aggregateEvent(make, 'a'), aggregateEvent(make, 'b')]
      await appendEvents(store, [a1, a2, b1])
      const first = await claim(store)
      check.equal(eventIds(first), [a1.id, a2.id, b1.id], 'the first hand-over')
      const { token } = first
      await store.outbox.nack({ token, eventIds: [a2.id, b1.id], reason: 'not now', retryAfterMs: 0 })
      await store.outbox.nack({ token, eventIds: [a1.id], reason: 'not now', retryAfterMs: 150 })
      check.equal(eventIds(await claim(store)), [b1.id], 'only the other aggregate')
      const retried = await check.eventually(async () => {
        const lease = await claim(store)
        return lease.deliveries.length > 0 ? lease : undefined
      }, 'the retry is handed over')
      check.equal(eventIds(retried), [a1.id, a2.id], 'the retry, then what waited behind it')
      check.equal(
        retried.deliveries.map(({ attempt }) => attempt),
        [2, 2],
        'the attempts',
      )
    },
  },
  {
    id: 'OBX-05.commit-order-within-an-aggregate',
    rules: ['OBX-05', 'OBX-01'],
    title: 'events of one aggregate leave in the order of commits, not of appends',
    async run({ open, check, make }) {
      const store = await open()
      const [slowEvent, quickEvent] = [aggregateEvent(make, 'a'), aggregateEvent(make, 'a')]
      const [appended, finish] = [createGate(), createGate()]
      const slow = store.transact(ACME, async (tx) => {
        await tx.outbox.append(slowEvent)
        appended.open()
        await finish.opened
      })
      await appended.opened
      await store.transact(ACME, (tx) => tx.outbox.append(quickEvent))
      finish.open()
      await slow
      check.equal(eventIds(await claim(store)), [quickEvent.id, slowEvent.id], 'the hand-over')
      const { items } = await store.read(ACME, (reader) => reader.outbox.list())
      check.equal(
        items.map((entry) => entry.event.id),
        [quickEvent.id, slowEvent.id],
        'the log of the tenant',
      )
    },
  },
  {
    id: 'OBX-07.poison-ends-in-the-dead-letters',
    rules: ['OBX-07', 'OBX-05'],
    title:
      'an event that is nacked as often as the manifest allows is dead with its reason, and what waited goes on',
    async run({ open, check, make, capabilities }) {
      const store = await open()
      const [poison, next] = [aggregateEvent(make, 'a'), aggregateEvent(make, 'a')]
      await appendEvents(store, [poison, next])
      const { maxAttempts } = capabilities.outbox
      for (let attempt = 1; attempt <= maxAttempts; attempt++) {
        const lease = await store.outbox.claim({ consumer: 'kit', limit: 1, leaseMs: 60_000 })
        check.equal(
          [eventIds(lease), lease.deliveries[0]?.attempt],
          [[poison.id], attempt],
          `hand-over ${attempt}`,
        )
        const request = {
          token: lease.token,
          eventIds: [poison.id],
          reason: `refused ${attempt}`,
          retryAfterMs: 0,
        }
        const { deadLettered } = await store.outbox.nack(request)
        check.equal(deadLettered, attempt === maxAttempts ? [poison.id] : [], `dead after attempt ${attempt}`)
      }
      const letters = await store.outbox.listDeadLetters()
      const [letter] = letters.items
      check.equal(letters.items.length, 1, 'dead letters')
      check.equal(
        [letter?.event, letter?.attempts, letter?.reason],
        [poison, maxAttempts, `refused ${maxAttempts}`],
        'the letter',
      )
      check.equal(eventIds(await claim(store)), [next.id], 'what waited behind it')
      const { items } = await store.read(ACME, (reader) => reader.outbox.list({ state: 'dead' }))
      check.equal(
        items.map((entry) => [entry.event.id, entry.attempts]),
        [[poison.id, maxAttempts]],
        'the log of the tenant',
      )
    },
  },
  {
    id: 'OBX-07.consumers-that-die-of-it',
    rules: ['OBX-07', 'OBX-04'],
    title: 'an event whose consumers always die ends in the dead letters as well',
    timeoutMs: 60_000,
    async run({ open, check, make, capabilities }) {
      const store = await open()
      const [poison] = await appendEvents(store, [aggregateEvent(make, 'a')])
      let attempts = 0
      await check.eventually(
        async () => {
          const { deliveries } = await store.outbox.claim({ consumer: 'dies', limit: 1, leaseMs: 5 })
          attempts += deliveries.length
          return (await store.outbox.stats()).dead === 1 ? true : undefined
        },
        'the event is dead',
        30_000,
      )
      check.equal(attempts, capabilities.outbox.maxAttempts, 'how often it was handed over')
      const [letter] = (await store.outbox.listDeadLetters()).items
      check.equal([letter?.event.id, letter?.attempts], [poison?.id, attempts], 'the letter')
      check.ok((letter?.reason.length ?? 0) > 0, 'it has a reason', letter?.reason)
    },
  },
  {
    id: 'OBX-07.dead-letters-can-be-replayed',
    rules: ['OBX-07'],
    title:
      'dead letters are listed page by page, and a replayed one is handed over again as if for the first time',
    async run({ open, check, make }) {
      const store = await open()
      const events = await appendEvents(
        store,
        ['a', 'b', 'c'].map((aggregate) => aggregateEvent(make, aggregate)),
      )
      const lease = await claim(store)
      for (const { id } of events) {
        await store.outbox.deadLetter({ token: lease.token, eventIds: [id], reason: `given up on ${id}` })
      }
      const first = await store.outbox.listDeadLetters({ limit: 2 })
      const second = await store.outbox.listDeadLetters({ limit: 2, cursor: first.nextCursor ?? '' })
      const listed = [...first.items, ...second.items].map(({ event }) => event.id)
      check.equal(
        listed,
        events.map(({ id }) => id),
        'the dead letters in the order they died',
      )
      check.equal(second.nextCursor, null, 'the end of the list')
      const [revived] = events
      await store.outbox.replay({ eventId: revived?.id ?? '' })
      const again = await claim(store)
      check.equal(again.deliveries, [{ event: revived, attempt: 1 }], 'the hand-over after the replay')
      await check.rejects(
        store.outbox.replay({ eventId: revived?.id ?? '' }),
        'NOT_FOUND',
        'a replay of what is not dead',
      )
      await check.rejects(
        store.outbox.replay({ eventId: make.id() }),
        'NOT_FOUND',
        'a replay of what never was',
      )
      check.equal((await store.outbox.stats()).dead, 2, 'dead letters that are left')
    },
  },
  {
    id: 'OBX-09.stats-say-what-blocks',
    rules: ['OBX-09'],
    title:
      'stats give pending, leased and dead events, the oldest age, and the aggregates that keep others back',
    async run({ open, check, make }) {
      const store = await open()
      const idle = await store.outbox.stats()
      check.equal(
        idle,
        { pending: 0, leased: 0, dead: 0, oldestAgeMs: null, blocked: [] },
        'stats of an empty outbox',
      )
      const [a1, a2, a3] = [aggregateEvent(make, 'a'), aggregateEvent(make, 'a'), aggregateEvent(make, 'a')]
      const [b1, b2, c1] = [aggregateEvent(make, 'b'), aggregateEvent(make, 'b'), aggregateEvent(make, 'c')]
      await appendEvents(store, [a1, b1, c1])
      const { token } = await claim(store)
      await appendEvents(store, [a2, a3, b2])
      await store.outbox.nack({ token, eventIds: [b1.id], reason: 'not now', retryAfterMs: 60_000 })
      await store.outbox.deadLetter({ token, eventIds: [c1.id], reason: 'never' })
      await delay(5)
      const { oldestAgeMs, blocked, ...counts } = await store.outbox.stats()
      check.equal(counts, { pending: 4, leased: 1, dead: 1 }, 'the counts')
      check.ok(
        oldestAgeMs !== null && oldestAgeMs >= 5 && oldestAgeMs < 60_000,
        'the oldest age',
        oldestAgeMs,
      )
      const expected = [
        { aggregateType: 'user', aggregateId: 'a', because: 'leased', waiting: 2 },
        { aggregateType: 'user', aggregateId: 'b', because: 'waiting-for-retry', waiting: 1 },
      ]
      check.equal(blocked, expected, 'what blocks')
    },
  },
  {
    id: 'OBX-06.accounting-of-competing-consumers',
    rules: ['OBX-06', 'OBX-01', 'OBX-02', 'OBX-05'],
    title:
      'with competing consumers that die, fail and retry: nothing lost, nothing unexpected, nothing doubled under a live lease, order kept',
    timeoutMs: 90_000,
    run: (context) => showAccounting(context),
  },
]

const aggregateEvent = (make: CaseContext['make'], aggregateId: string) =>
  make.event(ACME.tenantId, { aggregateId })

/** Producers and consumers at once, over two instances; consumers die holding leases and give events back. */
async function showAccounting({ open, check, make, capabilities, random, note }: CaseContext): Promise<void> {
  const stores = capabilities.durability.shared ? [await open(), await open()] : [await open()]
  const pick = () => stores[Math.floor(random() * stores.length)] as UserEngineStore
  const aggregates = Array.from({ length: 12 }, (_, index) => `aggregate-${index}`)
  const committed = new Map<string, string[]>(aggregates.map((aggregate) => [aggregate, []]))
  const total = 360

  const produce = async (mine: readonly string[]) => {
    for (let index = 0; index < total / 3; index++) {
      const aggregate = mine[index % mine.length] as string
      const event = aggregateEvent(make, aggregate)
      const rollsBack = random() < 0.15
      const append = pick().transact(ACME, async (tx) => {
        await tx.outbox.append(event)
        if (rollsBack) throw new RangeError('rolled back on purpose')
      })
      await append.then(
        () => committed.get(aggregate)?.push(event.id),
        (error: unknown) =>
          check.ok(
            rollsBack && error instanceof RangeError,
            'only what rolls back on purpose fails',
            String(error),
          ),
      )
    }
  }

  const acked: OutboxDelivery[] = []
  const holders = new Map<string, { readonly token: number; readonly until: number }>()
  const doubled: string[] = []
  let recovered = 0
  let contended = 0
  let producing = true
  const consume = async (consumer: string) => {
    for (;;) {
      const store = pick()
      const leaseMs = random() < 0.2 ? 20 : 30_000
      const before = performance.now()
      const { token, deliveries } = await store.outbox.claim({
        consumer,
        limit: 1 + Math.floor(random() * 12),
        leaseMs,
      })
      if (deliveries.length === 0) {
        contended += 1
        const { pending, leased } = await store.outbox.stats()
        if (!producing && pending + leased === 0) return
        await delay(2)
        continue
      }
      for (const { event, attempt } of deliveries) {
        const holder = holders.get(event.id)
        if (holder !== undefined && holder.until > performance.now() && holder.token !== token)
          doubled.push(event.id)
        holders.set(event.id, { token, until: before + leaseMs })
        if (attempt > 1) recovered += 1
      }
      await settle(store, { token, deliveries, dies: leaseMs === 20 })
    }
  }
  const settle = async (
    store: UserEngineStore,
    lease: { token: number; deliveries: readonly OutboxDelivery[]; dies: boolean },
  ) => {
    const { token, deliveries, dies } = lease
    if (dies) return
    // The last of a batch is given back now and then; everything before it is acknowledged, in order.
    const givesBack =
      random() < 0.25 && (deliveries.at(-1)?.attempt ?? 0) < capabilities.outbox.maxAttempts - 1
    const kept = givesBack ? deliveries.slice(0, -1) : deliveries
    const last = deliveries.at(-1)
    const forget = (delivered: readonly OutboxDelivery[]) => {
      for (const { event } of delivered) holders.delete(event.id)
    }
    if (givesBack && last !== undefined) {
      forget([last])
      await store.outbox.nack({
        token,
        eventIds: [last.event.id],
        reason: 'given back',
        retryAfterMs: Math.floor(random() * 10),
      })
    }
    if (kept.length === 0) return
    // Noted before the call: once it returns, somebody else may already hold what follows.
    acked.push(...kept)
    forget(kept)
    await store.outbox.ack({ token, eventIds: kept.map(({ event }) => event.id) }).catch((error: unknown) => {
      if (!isUserEngineError(error, 'STALE_LEASE')) throw error
      acked.splice(acked.indexOf(kept[0] as OutboxDelivery), kept.length)
    })
  }

  const groups = [0, 1, 2].map((group) => aggregates.filter((_, index) => index % 3 === group))
  const producers = Promise.all(groups.map(produce)).finally(() => {
    producing = false
  })
  await Promise.all([producers, ...['one', 'two', 'three', 'four'].map(consume)])

  const expected = [...committed.values()].flat()
  const seen = acked.map(({ event }) => event.id)
  check.equal(
    expected.filter((id) => !seen.includes(id)),
    [],
    'lost events',
  )
  check.equal(
    seen.filter((id) => !expected.includes(id)),
    [],
    'unexpected events',
  )
  check.equal(seen.length, new Set(seen).size, 'events acknowledged more than once')
  check.equal(doubled, [], 'events handed over under somebody else’s live lease')
  for (const [aggregate, ids] of committed) {
    const order = acked.filter(({ event }) => event.aggregateId === aggregate).map(({ event }) => event.id)
    check.equal(order, ids, `the order of acknowledgements of ${aggregate}`)
  }
  check.equal((await (stores[0] as UserEngineStore).outbox.stats()).dead, 0, 'dead letters')
  check.ok(recovered > 0, 'events were recovered from consumers that died or gave back', recovered)
  note(`${expected.length} events, ${recovered} recovered, ${contended} empty claims`)
}
