import { DRAWS_A_TOKEN_TWICE } from '../../calibration/defects.ts'
import { type CaseContext, type ConformanceCase, onlyWithAttempts } from '../../case.ts'
import { ACME } from '../../records.ts'
import {
  appendEvents,
  claim,
  claimEventually,
  drain,
  eventIds,
  eventOf,
  longLease,
  SHORT_MS,
  settlingCalls,
} from './steps.ts'

export const LEASE_CASES: readonly ConformanceCase[] = [
  {
    id: 'OBX-03.tokens-only-grow',
    rules: ['OBX-03'],
    title:
      'tokens grow with every claim on every instance, also one opened later, whether it found events or not',
    async run({ open, openAll, race, check, make, capabilities }) {
      const stores = await openAll()
      const [store] = stores
      await appendEvents(store, [make.event(ACME.tenantId), make.event(ACME.tenantId)])
      let last = 0
      const grow = async (on: typeof store, what: string) => {
        const { token } = await claim(on, 1)
        const grows = Number.isSafeInteger(token) && token > last
        check.ok(grows, `the token of ${what} is higher than the one before`, [last, token])
        last = token
      }
      for (let round = 0; round < 8; round++)
        await grow(stores[round % stores.length] ?? store, `claim ${round}`)
      await race({
        defect: DRAWS_A_TOKEN_TWICE,
        async run(round) {
          const before = (await claim(round.stores[0], 1)).token
          const claims = Array.from({ length: 8 }, (_, index) =>
            claim(round.stores[index % round.stores.length] ?? round.stores[0], 1),
          )
          const tokens = (await Promise.all(claims)).map(({ token }) => token)
          round.check.equal(new Set(tokens).size, 8, 'tokens of eight claims at once')
          const areHigher = Math.min(...tokens) > before
          round.check.ok(areHigher, 'all of them are higher than the one before', [before, tokens])
        },
      })
      if (!capabilities.durability.shared) return
      for (const each of stores) await each.close()
      await grow(await open(), 'a claim on an instance that was opened when all others had closed')
    },
  },
  {
    id: 'OBX-03.stale-tokens-are-refused',
    rules: ['OBX-03', 'OBX-04', 'OBX-06'],
    title:
      'after the lease ran out and somebody else claimed, the old token can settle nothing and changes nothing',
    notFor: onlyWithAttempts(2),
    async run({ open, check, make }) {
      const store = await open()
      const [event] = await appendEvents(store, [make.event(ACME.tenantId)])
      const zombie = await store.outbox.claim({ consumer: 'zombie', limit: 1, leaseMs: SHORT_MS })
      const heir = await claimEventually(store, check, { what: 'the event is handed over again' })
      check.equal(heir.deliveries, [{ event, attempt: 2 }], 'the second hand-over')
      const stale = { token: zombie.token, eventIds: [event?.id ?? ''] }
      const before = await store.outbox.stats()
      for (const [name, call] of Object.entries(settlingCalls(store, stale))) {
        const error = await check.rejects(call, 'STALE_LEASE', `${name} with the stale token`)
        check.equal(error.data, stale, `what the refusal of ${name} says`)
        const { oldestAgeMs: _, ...after } = await store.outbox.stats()
        const { oldestAgeMs: __, ...expected } = before
        check.equal(after, expected, `the stats after ${name} was refused`)
      }
      check.equal((await store.outbox.listDeadLetters()).items, [], 'dead letters')
      check.equal((await claim(store)).deliveries, [], 'what another claim gets: the heir still holds it')
      await store.outbox.ack({ token: heir.token, eventIds: stale.eventIds })
      for (const [name, call] of Object.entries(settlingCalls(store, stale)))
        await check.rejects(call, 'STALE_LEASE', `${name} with the stale token after the heir has settled`)
    },
  },
  {
    id: 'OBX-03.unknown-tokens-are-refused',
    rules: ['OBX-03'],
    title: 'tokens that were never given out, and events that are not leased at all, are STALE_LEASE',
    async run({ open, check, make }) {
      const store = await open()
      const events = await appendEvents(store, [make.event(null), make.event(null)])
      const lease = await claim(store, 1)
      const leased = eventIds(lease)
      check.equal(leased.length, 1, 'how many are leased')
      const waiting = events.map(({ id }) => id).filter((id) => !leased.includes(id))
      const requests = {
        'a token that is too high': { token: lease.token + 1_000, eventIds: leased },
        'a token that is too low': { token: Math.max(0, lease.token - 1), eventIds: leased },
        'an event that waits': { token: lease.token, eventIds: waiting },
        'an event that never was': { token: lease.token, eventIds: [make.id()] },
      }
      for (const [what, request] of Object.entries(requests)) {
        for (const [name, call] of Object.entries(settlingCalls(store, request))) {
          const error = await check.rejects(call, 'STALE_LEASE', `${name} with ${what}`)
          check.equal(error.data, request, `what the refusal of ${name} with ${what} says`)
        }
      }
      await store.outbox.ack({ token: lease.token, eventIds: [...leased] })
      check.equal(await drain(store), waiting, 'what is handed over afterwards')
    },
  },
  {
    id: 'OBX-03.all-or-nothing',
    rules: ['OBX-03'],
    title: 'a call of any kind that names one event the token does not hold changes none of the others',
    run: (context) => showAllOrNothing(context),
  },
  {
    id: 'OBX-04.dead-consumers-lose-nothing',
    rules: ['OBX-04', 'OBX-06'],
    title: 'the events of a consumer that never comes back are claimed again, each attempt one higher',
    notFor: onlyWithAttempts(3),
    async run({ open, check, make }) {
      const store = await open()
      const events = await appendEvents(
        store,
        ['a', 'b', 'c', 'd', 'e'].map((aggregateId) => eventOf(make, aggregateId)),
      )
      for (let attempt = 1; attempt <= 2; attempt++) {
        const seen: string[] = []
        while (seen.length < events.length) {
          const request = { what: `hand-over ${attempt}`, leaseMs: 300 }
          const lease = await claimEventually(store, check, request)
          seen.push(...eventIds(lease))
          const attempts = new Set(lease.deliveries.map((delivery) => delivery.attempt))
          check.equal(attempts, new Set([attempt]), `the attempt of hand-over ${attempt}`)
        }
        const expected = events.map(({ id }) => id)
        check.equal(seen.toSorted(), expected, `the events of hand-over ${attempt}`)
      }
      const last = await claimEventually(store, check, { what: 'hand-over 3' })
      check.equal(last.deliveries[0]?.attempt, 3, 'the attempt of hand-over 3')
    },
  },
  {
    id: 'OBX-04.extended-leases-last',
    rules: ['OBX-04', 'OBX-02'],
    title: 'a lease that is extended is held beyond its first end, for the events it was extended for',
    notFor: onlyWithAttempts(2),
    async run({ open, check, make }) {
      const store = await open()
      await appendEvents(store, [make.event(null), make.event(null)])
      const keeper = await store.outbox.claim({ consumer: 'slow', limit: 1, leaseMs: 200 })
      const dead = await store.outbox.claim({ consumer: 'dead', limit: 1, leaseMs: 200 })
      const dropped = dead.deliveries[0]?.event
      check.equal([keeper.deliveries.length, dead.deliveries.length], [1, 1], 'what both consumers hold')
      const { token } = keeper
      const leaseMs = longLease(store)
      const { expiresAt } = await store.outbox.extend({ token, eventIds: eventIds(keeper), leaseMs })
      check.ok(expiresAt > keeper.expiresAt, 'the new end is later', [keeper.expiresAt, expiresAt])
      const next = await claimEventually(store, check, { what: 'what was not extended is handed over again' })
      check.equal(next.deliveries, [{ event: dropped, attempt: 2 }], 'only the event that was not extended')
      await store.outbox.ack({ token, eventIds: eventIds(keeper) })
    },
  },
  {
    id: 'OBX-04.lapsed-leases-are-good-until-somebody-claims',
    rules: ['OBX-04', 'OBX-03', 'OBX-06'],
    title:
      'a lease that has run out and that nobody has claimed again can still be settled: fencing decides, not the clock',
    notFor: onlyWithAttempts(2),
    run: (context) => showLapsedLeases(context),
  },
  {
    id: 'OBX-02.requests-are-checked',
    rules: ['OBX-02', 'VAL-02'],
    title: 'a request beyond the manifest, or a malformed one, is VALIDATION',
    run: (context) => showCheckedRequests(context),
  },
]

async function showAllOrNothing({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const events = await appendEvents(store, [make.event(null), make.event(null), make.event(null)])
  const held = await claim(store, 1)
  const own = eventIds(held)
  check.equal(own.length, 1, 'how many are held')
  const others = events.map(({ id }) => id).filter((id) => !own.includes(id))
  const [foreign = ''] = others
  const unknown = make.id()
  const request = { token: held.token, eventIds: [...own, foreign, unknown] }
  for (const [name, call] of Object.entries(settlingCalls(store, request))) {
    const error = await check.rejects(call, 'STALE_LEASE', `${name} of one that is held and two that are not`)
    const named = [...error.data.eventIds].sort()
    check.equal(named, [foreign, unknown].sort(), `the events that ${name} names: those that are not held`)
    check.equal(error.data.token, held.token, `the token that ${name} names`)
    const { pending, leased, dead } = await store.outbox.stats()
    check.equal([pending, leased, dead], [2, 1, 0], `what waits, is leased and dead after ${name}`)
  }
  await store.outbox.ack({ token: held.token, eventIds: [...own] })
  check.equal((await drain(store)).toSorted(), others, 'what is handed over afterwards')
}

async function showLapsedLeases({ open, check, make }: CaseContext): Promise<void> {
  const store = await open()
  const lapse = async () => {
    const [event] = await appendEvents(store, [make.event(null)])
    const lease = await store.outbox.claim({ consumer: 'slow', limit: 1, leaseMs: 30 })
    check.equal(eventIds(lease), [event?.id], 'what is leased')
    await check.eventually(
      async () => ((await store.outbox.stats()).leased === 0 ? true : undefined),
      'the lease has run out',
    )
    return { token: lease.token, eventIds: eventIds(lease) }
  }
  const acked = await lapse()
  await store.outbox.ack({ token: acked.token, eventIds: [...acked.eventIds] })
  check.equal(await drain(store), [], 'what is handed over after the ack of a lapsed lease')

  const extended = await lapse()
  const { token } = extended
  const ids = [...extended.eventIds]
  await store.outbox.extend({ token, eventIds: ids, leaseMs: longLease(store) })
  check.equal((await claim(store)).deliveries, [], 'what is handed over after a lapsed lease was extended')
  await store.outbox.ack({ token, eventIds: ids })

  const nacked = await lapse()
  const request = { token: nacked.token, eventIds: [...nacked.eventIds] }
  await store.outbox.nack({ ...request, reason: 'late', retryAfterMs: 0 })
  const again = await claimEventually(store, check, { what: 'what was given back is handed over again' })
  check.equal([eventIds(again), again.deliveries[0]?.attempt], [nacked.eventIds, 2], 'the hand-over after it')
  await store.outbox.ack({ token: again.token, eventIds: request.eventIds })

  const released = await lapse()
  await store.outbox.release({ token: released.token, eventIds: [...released.eventIds] })
  const anew = await claim(store)
  check.equal([eventIds(anew), anew.deliveries[0]?.attempt], [released.eventIds, 1], 'what was released')
  await store.outbox.ack({ token: anew.token, eventIds: eventIds(anew) })

  const dead = await lapse()
  await store.outbox.deadLetter({ token: dead.token, eventIds: [...dead.eventIds], reason: 'never' })
  const { items } = await store.outbox.listDeadLetters()
  check.equal(
    items.map(({ event }) => event.id),
    dead.eventIds,
    'the dead letters',
  )
}

async function showCheckedRequests({ open, check, make, capabilities }: CaseContext): Promise<void> {
  const { outbox } = await open()
  const { maxBatch, maxLeaseMs } = capabilities.outbox
  const claimable = { consumer: 'c', limit: 1, leaseMs: 1_000 }
  const badClaims = [
    { limit: 0 },
    { limit: -1 },
    { limit: 1.5 },
    { limit: maxBatch + 1 },
    { leaseMs: 0 },
    { leaseMs: 0.5 },
    { leaseMs: maxLeaseMs + 1 },
    { consumer: '' },
    { consumer: 'x'.repeat(129) },
    { consumer: 'nul\u0000' },
  ]
  for (const change of badClaims) {
    const call = () => outbox.claim({ ...claimable, ...change })
    await check.rejects(call, 'VALIDATION', `claim with ${JSON.stringify(change).slice(0, 60)}`)
  }
  const settled = { token: 1, eventIds: [make.id()] }
  const nacked = { ...settled, reason: 'x', retryAfterMs: 0 }
  const bad: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['an ack of nothing', () => outbox.ack({ ...settled, eventIds: [] })],
    ['an ack of no id', () => outbox.ack({ ...settled, eventIds: ['no id'] })],
    ['an ack with half a token', () => outbox.ack({ ...settled, token: 0.5 })],
    ['an ack with a negative token', () => outbox.ack({ ...settled, token: -1 })],
    ['an extension of nothing', () => outbox.extend({ ...settled, leaseMs: 0 })],
    ['an extension beyond the manifest', () => outbox.extend({ ...settled, leaseMs: maxLeaseMs + 1 })],
    ['a nack without reason', () => outbox.nack({ ...nacked, reason: '' })],
    [
      'a nack with a reason over 1,024 characters',
      () => outbox.nack({ ...nacked, reason: 'x'.repeat(1_025) }),
    ],
    ['a nack into the past', () => outbox.nack({ ...nacked, retryAfterMs: -1 })],
    ['a nack for half a millisecond', () => outbox.nack({ ...nacked, retryAfterMs: 0.5 })],
    ['a release of nothing', () => outbox.release({ ...settled, eventIds: [] })],
    ['a release of no id', () => outbox.release({ ...settled, eventIds: ['no id'] })],
    ['a release with half a token', () => outbox.release({ ...settled, token: 0.5 })],
    ['a dead letter without reason', () => outbox.deadLetter({ ...settled, reason: '' })],
    ['a replay of no id', () => outbox.replay({ eventId: 'no id' })],
    ['a page of dead letters of 0', () => outbox.listDeadLetters({ limit: 0 })],
    ['a page of dead letters of 501', () => outbox.listDeadLetters({ limit: 501 })],
  ]
  for (const [what, call] of bad) await check.rejects(call, 'VALIDATION', what)
  const cursor = () => outbox.listDeadLetters({ cursor: 'none of ours' })
  await check.rejects(cursor, 'CURSOR_INVALID', 'a cursor of no list')
  await outbox.claim({ consumer: 'x'.repeat(128), limit: maxBatch, leaseMs: maxLeaseMs })
}
