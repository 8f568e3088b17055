// What is given back untried comes again as if it had not been claimed.
import { type CaseContext, type ConformanceCase, onlyWithAttempts } from '../../case.ts'
import { ACME } from '../../records.ts'
import {
  appendEvents,
  claim,
  claimEventually,
  drainDeliveries,
  eventIds,
  eventOf,
  settlingCalls,
  withFewAttempts,
} from './steps.ts'

export const RELEASE_CASES: readonly ConformanceCase[] = [
  {
    id: 'OBX-10.releases-count-no-attempt',
    rules: ['OBX-10'],
    title:
      'an event that is released, however often and on whichever instance, is due at once and at its first attempt',
    async run({ openAll, check, make }) {
      const stores = await openAll()
      const [store] = stores
      const [event] = await appendEvents(store, [eventOf(make, 'a')])
      for (let round = 0; round < 4; round++) {
        const [one, other] = [round, round + 1].map((index) => stores[index % stores.length] ?? store)
        const { token, deliveries } = await claim(one ?? store)
        check.equal(deliveries, [{ event, attempt: 1 }], `hand-over ${round + 1}`)
        await (other ?? store).outbox.release({ token, eventIds: [event?.id ?? ''] })
        const { items } = await store.read(ACME, (reader) => reader.outbox.list())
        check.equal(items, [{ event, state: 'pending', attempts: 0 }], `the log after release ${round + 1}`)
      }
      const { pending, leased, dead, blocked } = await store.outbox.stats()
      check.equal([pending, leased, dead, blocked], [1, 0, 0, []], 'what waits, is leased, dead and blocked')
      check.equal(await drainDeliveries(store), [{ event, attempt: 1 }], 'what is handed over in the end')
    },
  },
  {
    id: 'OBX-10.releases-keep-the-attempts-before',
    rules: ['OBX-10', 'OBX-04'],
    title: 'an event that was tried before keeps its attempts when it is released, and counts on from there',
    notFor: onlyWithAttempts(3),
    async run({ open, check, make }) {
      const store = await open()
      const [event] = await appendEvents(store, [eventOf(make, 'a')])
      for (const attempt of [1, 2, 3]) {
        for (let round = 0; round < 2; round++) {
          const { token, deliveries } = await claim(store)
          check.equal(deliveries, [{ event, attempt }], `hand-over ${round + 1} of attempt ${attempt}`)
          await store.outbox.release({ token, eventIds: [event?.id ?? ''] })
        }
        const lease = await claim(store)
        check.equal(lease.deliveries, [{ event, attempt }], `the hand-over that fails, attempt ${attempt}`)
        const { token } = lease
        if (attempt === 3) await store.outbox.ack({ token, eventIds: eventIds(lease) })
        else await store.outbox.nack({ token, eventIds: eventIds(lease), reason: 'no', retryAfterMs: 0 })
      }
      check.equal(await drainDeliveries(store), [], 'what is handed over afterwards')
    },
  },
  {
    id: 'OBX-10.the-last-attempt-is-not-buried',
    rules: ['OBX-10', 'OBX-07'],
    title:
      'an event that is released at the last attempt the manifest allows comes again at that attempt, and is dead only when it fails',
    notFor: withFewAttempts,
    run: (context) => showLastAttempt(context),
  },
  {
    id: 'OBX-10.released-events-keep-their-place',
    rules: ['OBX-10', 'OBX-05'],
    title:
      'no later event of an aggregate overtakes a released one, whether it was in the same batch or came after, in whatever order they are released',
    run: (context) => showPlace(context),
  },
  {
    id: 'OBX-10.parts-of-a-batch',
    rules: ['OBX-10', 'OBX-03', 'OBX-06'],
    title:
      'of one batch some events are released, some acknowledged and some kept: only the released ones come again, and the token settles them no more',
    run: (context) => showParts(context),
  },
]

async function showLastAttempt({ open, check, make, capabilities }: CaseContext): Promise<void> {
  const store = await open()
  const [event, next] = [eventOf(make, 'a'), eventOf(make, 'a')]
  await appendEvents(store, [event, next])
  const { maxAttempts } = capabilities.outbox
  const failed = { eventIds: [event.id], reason: 'refused', retryAfterMs: 0 }
  for (let attempt = 1; attempt < maxAttempts; attempt++) {
    const { token } = await claimEventually(store, check, { what: `hand-over ${attempt}`, limit: 1 })
    check.equal(await store.outbox.nack({ token, ...failed }), { deadLettered: [] }, `nack ${attempt}`)
  }
  for (let round = 0; round < 3; round++) {
    const { token, deliveries } = await claim(store, 1)
    check.equal(deliveries, [{ event, attempt: maxAttempts }], `the last attempt, hand-over ${round + 1}`)
    await store.outbox.release({ token, eventIds: [event.id] })
    check.equal((await store.outbox.listDeadLetters()).items, [], `dead letters after release ${round + 1}`)
  }
  const { token, deliveries } = await claim(store, 1)
  check.equal(deliveries, [{ event, attempt: maxAttempts }], 'the last attempt once more')
  check.equal(
    await store.outbox.nack({ token, ...failed }),
    { deadLettered: [event.id] },
    'what is dead then',
  )
  const { items } = await store.outbox.listDeadLetters()
  check.equal(
    items.map(({ attempts }) => attempts),
    [maxAttempts],
    'the attempts of the letter',
  )
  check.equal(await drainDeliveries(store), [{ event: next, attempt: 1 }], 'what waited behind it')
}

async function showPlace({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const events = Array.from({ length: 5 }, () => eventOf(make, 'a'))
  const [first, second, third, ...later] = events
  await appendEvents(store, events.slice(0, 3))
  // A store may hand the events of an aggregate over one by one; then the later ones wait instead of being held.
  const held = await claim(store)
  check.ok(held.deliveries.length > 0, 'something is handed over', held.deliveries.length)
  const release = async (...released: readonly (typeof first)[]) => {
    const ids = released.map((event) => event?.id ?? '').filter((id) => eventIds(held).includes(id))
    if (ids.length > 0) await store.outbox.release({ token: held.token, eventIds: ids })
  }
  await appendEvents(store, later)
  await release(third)
  check.equal(eventIds(await claim(store)), [], 'what another gets while the first ones are held')
  await release(second, first)
  const again = await claim(store, 1)
  check.equal(again.deliveries, [{ event: first, attempt: 1 }], 'what is handed over when all are released')
  check.equal(eventIds(await claim(store)), [], 'what another gets while the first one is held again')
  await store.outbox.release({ token: again.token, eventIds: eventIds(again) })
  check.equal(
    await drainDeliveries(store),
    events.map((event) => ({ event, attempt: 1 })),
    'the order in which they leave',
  )
}

async function showParts({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const events = ['a', 'b', 'c', 'd', 'e', 'f'].map((aggregateId) => eventOf(make, aggregateId))
  await appendEvents(store, events)
  const parts = { acked: [] as string[], released: [] as string[], kept: [] as string[] }
  const kept: { readonly token: number; readonly eventIds: string[] }[] = []
  const released: { readonly token: number; readonly eventIds: string[] }[] = []
  for (let count = 0; count < events.length; ) {
    const lease = await claim(store, 3)
    check.ok(lease.deliveries.length > 0, 'something is handed over', count)
    count += lease.deliveries.length
    const { token } = lease
    const [one, two, three] = eventIds(lease)
    if (two !== undefined) {
      await store.outbox.ack({ token, eventIds: [two] })
      parts.acked.push(two)
    }
    if (three !== undefined) {
      kept.push({ token, eventIds: [three] })
      parts.kept.push(three)
    }
    released.push({ token, eventIds: [one ?? ''] })
  }
  for (const request of released) {
    await store.outbox.release(request)
    parts.released.push(...request.eventIds)
    for (const [name, call] of Object.entries(settlingCalls(store, request)))
      await check.rejects(call, 'STALE_LEASE', `${name} of what the token has released`)
  }
  const { pending, leased, dead } = await store.outbox.stats()
  const expected = [parts.released.length, parts.kept.length, 0]
  check.equal([pending, leased, dead], expected, 'what waits, is leased and dead')
  const again = await drainDeliveries(store)
  check.equal(
    again.map(({ event, attempt }) => [event.id, attempt]).toSorted(),
    parts.released.map((id) => [id, 1]).toSorted(),
    'what is handed over again',
  )
  for (const request of kept) await store.outbox.ack(request)
  check.equal(await drainDeliveries(store), [], 'what is left')
  const { items } = await store.read(ACME, (reader) => reader.outbox.list({ state: 'delivered' }))
  check.equal(items.length, events.length, 'events that were delivered')
}
