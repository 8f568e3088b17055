import { type CaseContext, type ConformanceCase, onlyWithAttempts } from '../../case.ts'
import { ACME } from '../../records.ts'
import { appendEvents, claim, claimEventually, drain, eventIds, eventOf, withFewAttempts } from './steps.ts'

export const DEAD_LETTER_CASES: readonly ConformanceCase[] = [
  {
    id: 'OBX-07.poison-ends-in-the-dead-letters',
    rules: ['OBX-07', 'OBX-05', 'OBX-04'],
    title:
      'an event that is nacked as often as the manifest allows is dead with its reason, and what waited goes on',
    notFor: withFewAttempts,
    run: (context) => showPoison(context),
  },
  {
    id: 'OBX-07.consumers-that-die-of-it',
    rules: ['OBX-07', 'OBX-04'],
    title:
      'an event whose consumers always die ends in the dead letters as well, with the reason lease expired',
    notFor: withFewAttempts,
    timeoutMs: 60_000,
    async run({ open, check, make, capabilities }) {
      const store = await open()
      const [poison, next] = await appendEvents(store, [eventOf(make, 'a'), eventOf(make, 'a')])
      const seen: number[] = []
      await check.eventually(
        async () => {
          const { token, deliveries } = await store.outbox.claim({ consumer: 'dies', limit: 1, leaseMs: 5 })
          const [delivery] = deliveries
          if (delivery?.event.id === next?.id) {
            await store.outbox.ack({ token, eventIds: [next?.id ?? ''] }).catch(() => {})
            return true
          }
          if (delivery !== undefined) seen.push(delivery.attempt)
          return undefined
        },
        'the event is given up on, and the one behind it is handed over',
        30_000,
      )
      const { maxAttempts } = capabilities.outbox
      const attempts = Array.from({ length: maxAttempts }, (_, index) => index + 1)
      check.equal(seen, attempts, 'the attempts')
      const { items } = await store.outbox.listDeadLetters()
      check.equal(
        items.map(({ event, attempts: count, reason }) => [event, count, reason]),
        [[poison, maxAttempts, 'lease expired']],
        'the dead letters',
      )
    },
  },
  {
    id: 'OBX-07.given-up-on-at-once',
    rules: ['OBX-07', 'OBX-05'],
    title:
      'an event that a consumer gives up on is dead at once, with its reason and its attempts, and blocks nothing',
    async run({ open, check, make }) {
      const store = await open()
      const [poison, next] = await appendEvents(store, [eventOf(make, 'a'), eventOf(make, 'a')])
      const lease = await claim(store, 1)
      const reason = 'ungültig: %s "quoted" 漢'
      await store.outbox.deadLetter({ token: lease.token, eventIds: [poison?.id ?? ''], reason })
      const { items } = await store.outbox.listDeadLetters()
      const [letter] = items
      check.equal(
        [items.length, letter?.event, letter?.attempts, letter?.reason],
        [1, poison, 1, reason],
        'the letter',
      )
      check.equal(new Date(letter?.deadAt ?? 0).toISOString(), letter?.deadAt, 'when it died is an instant')
      check.equal(await drain(store), [next?.id], 'what is handed over afterwards')
      const request = { token: lease.token, eventIds: [poison?.id ?? ''] }
      await check.rejects(store.outbox.ack(request), 'STALE_LEASE', 'an ack of what is dead')
    },
  },
  {
    id: 'OBX-07.dead-letters-can-be-replayed',
    rules: ['OBX-07', 'QRY-01', 'QRY-02'],
    title:
      'dead letters are listed page by page, the earliest first, and a replayed one is handed over again as if for the first time',
    run: (context) => showReplay(context),
  },
  {
    id: 'OBX-07.replayed-events-die-again',
    rules: ['OBX-07'],
    title: 'a replayed event has all its attempts again, and can die and be replayed once more',
    notFor: onlyWithAttempts(2),
    async run({ open, check, make }) {
      const store = await open()
      const [event] = await appendEvents(store, [eventOf(make, 'a')])
      const eventId = event?.id ?? ''
      for (let life = 1; life <= 3; life++) {
        const first = await claim(store)
        check.equal(first.deliveries, [{ event, attempt: 1 }], `the first hand-over of life ${life}`)
        const request = { token: first.token, eventIds: [eventId], reason: 'not now', retryAfterMs: 0 }
        check.equal(await store.outbox.nack(request), { deadLettered: [] }, `the nack of life ${life}`)
        const second = await claimEventually(store, check, { what: 'it is handed over again' })
        check.equal(second.deliveries[0]?.attempt, 2, `the attempt of the second hand-over of life ${life}`)
        const reason = `life ${life}`
        await store.outbox.deadLetter({ token: second.token, eventIds: [eventId], reason })
        const { items } = await store.outbox.listDeadLetters()
        check.equal(
          items.map((letter) => [letter.attempts, letter.reason]),
          [[2, reason]],
          `the letter of life ${life}`,
        )
        await store.outbox.replay({ eventId })
        check.equal((await store.outbox.listDeadLetters()).items, [], `dead letters after replay ${life}`)
      }
      check.equal(await drain(store), [eventId], 'what is handed over in the end')
    },
  },
]

async function showPoison({ open, check, make, capabilities }: CaseContext): Promise<void> {
  const store = await open()
  const [poison, next] = [eventOf(make, 'a'), eventOf(make, 'a')]
  await appendEvents(store, [poison, next])
  const { maxAttempts } = capabilities.outbox
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const lease = await claimEventually(store, check, { what: `hand-over ${attempt}`, limit: 1 })
    check.equal(lease.deliveries, [{ event: poison, attempt }], `hand-over ${attempt}`)
    const { token } = lease
    const request = { token, eventIds: [poison.id], reason: `refused ${attempt}`, retryAfterMs: 0 }
    const expected = { deadLettered: attempt === maxAttempts ? [poison.id] : [] }
    check.equal(await store.outbox.nack(request), expected, `what is dead after attempt ${attempt}`)
  }
  const { items: letters } = await store.outbox.listDeadLetters()
  check.equal(
    letters.map(({ event, attempts, reason }) => [event, attempts, reason]),
    [[poison, maxAttempts, `refused ${maxAttempts}`]],
    'the dead letters',
  )
  check.equal(eventIds(await claim(store)), [next.id], 'what waited behind it')
  const { items } = await store.read(ACME, (reader) => reader.outbox.list({ state: 'dead' }))
  check.equal(items, [{ event: poison, state: 'dead', attempts: maxAttempts }], 'the log of the tenant')
}

async function showReplay({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const events = await appendEvents(
    store,
    ['a', 'b', 'c', 'd', 'e'].map((aggregate) => eventOf(make, aggregate)),
  )
  const dead: string[] = []
  while (dead.length < events.length) {
    const { token, deliveries } = await claim(store)
    // One by one, and not in the order they were handed over.
    for (const { event } of deliveries.toReversed()) {
      const reason = `given up on ${event.aggregateId}`
      await store.outbox.deadLetter({ token, eventIds: [event.id], reason })
      dead.push(event.id)
    }
  }
  for (const limit of [1, 2, 5, 500]) {
    const listed: string[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = cursor === undefined ? { limit } : { limit, cursor }
      const { items, nextCursor } = await store.outbox.listDeadLetters(page)
      listed.push(...items.map(({ event }) => event.id))
      cursor = nextCursor
    }
    check.equal(listed, dead, `the dead letters in the order they died, ${limit} a page`)
  }
  const [revived] = events
  const eventId = revived?.id ?? ''
  await store.outbox.replay({ eventId })
  check.equal(
    (await claim(store)).deliveries,
    [{ event: revived, attempt: 1 }],
    'the hand-over after the replay',
  )
  const again = await check.rejects(
    store.outbox.replay({ eventId }),
    'NOT_FOUND',
    'a replay of what is not dead',
  )
  check.equal(again.data, { entity: 'outbox-event', id: eventId }, 'what the refusal says')
  await check.rejects(store.outbox.replay({ eventId: make.id() }), 'NOT_FOUND', 'a replay of what never was')
  const [waiting] = await appendEvents(store, [eventOf(make, 'f')])
  const early = store.outbox.replay({ eventId: waiting?.id ?? '' })
  await check.rejects(early, 'NOT_FOUND', 'a replay of what has not been handed over')
  const { items } = await store.outbox.listDeadLetters()
  check.equal(
    items.map(({ event }) => event.id),
    dead.filter((id) => id !== eventId),
    'dead letters that are left',
  )
}
