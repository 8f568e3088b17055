import type { OutboxEvent, OutboxLease, UserEngineStore } from '@user-engine/store-protocol'
import { type ConformanceCase, onlyShared } from '../case.ts'
import { createGate } from '../gate.ts'
import { ACME, OTHER, PLATFORM } from '../records.ts'

const LONG = 60_000
const SHORT = 60

export const LEASE_CASES: readonly ConformanceCase[] = [
  {
    id: 'OBX-01.begin-first-commit-last-is-not-skipped',
    rules: ['OBX-01'],
    title:
      'an event whose transaction began first and commits last is handed over, after those that left before',
    async run({ open, check, make }) {
      const store = await open()
      const [early, late] = [make.event(ACME.tenantId), make.event(ACME.tenantId)]
      const [appended, finish] = [createGate(), createGate()]
      const slow = store.transact(ACME, async (tx) => {
        await tx.users.list()
        await tx.outbox.append(early)
        await tx.outbox.list()
        appended.open()
        await finish.opened
      })
      await appended.opened
      await store.transact(ACME, (tx) => tx.outbox.append(late))
      const first = await claim(store)
      check.equal(eventIds(first), [late.id], 'the first hand-over')
      await store.outbox.ack({ token: first.token, eventIds: [late.id] })
      finish.open()
      await slow
      check.equal(eventIds(await claim(store)), [early.id], 'the second hand-over')
    },
  },
  {
    id: 'OBX-01.events-of-every-scope-leave-as-they-are',
    rules: ['OBX-01', 'VAL-01'],
    title: 'events of tenants and of the platform are handed over exactly as they were appended',
    async run({ open, check, make }) {
      const store = await open()
      const payload = { text: 'ünïcode 😀', none: null, list: [[], {}], number: 0.1 }
      const events = [
        make.event(ACME.tenantId, { payload, correlationId: 'c-1', causationId: 'c-0' }),
        make.event(OTHER.tenantId, { schemaVersion: 7 }),
        make.event(null),
      ]
      await store.transact(PLATFORM, async (tx) => {
        for (const event of events) await tx.outbox.append(event)
      })
      const { deliveries } = await claim(store)
      check.equal(
        deliveries,
        events.map((event) => ({ event, attempt: 1 })),
        'what is handed over',
      )
    },
  },
  {
    id: 'OBX-02.one-live-lease-per-event',
    rules: ['OBX-02', 'OBX-03'],
    title:
      'of ten concurrent claims no two hold an event, each has a token of its own, and together they hold all',
    async run({ open, check, make, capabilities }) {
      const stores = capabilities.durability.shared ? [await open(), await open()] : [await open()]
      const store = stores[0] as UserEngineStore
      const events = await appendEvents(
        store,
        Array.from({ length: 100 }, () => make.event(ACME.tenantId)),
      )
      const leases = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (stores[index % stores.length] as UserEngineStore).outbox.claim({
            consumer: `c${index}`,
            limit: 10,
            leaseMs: LONG,
          }),
        ),
      )
      const held = leases.flatMap(eventIds)
      check.equal(new Set(held).size, held.length, 'no event is held twice')
      check.equal(new Set(held), new Set(events.map(({ id }) => id)), 'every event is held')
      check.equal(new Set(leases.map(({ token }) => token)).size, 10, 'distinct tokens')
      check.equal((await claim(store)).deliveries, [], 'a further claim')
    },
  },
  {
    id: 'OBX-03.tokens-only-grow',
    rules: ['OBX-03'],
    title: 'tokens grow with every claim on every instance, whether it found events or not',
    async run({ open, check, make, capabilities }) {
      const stores = capabilities.durability.shared ? [await open(), await open()] : [await open()]
      await appendEvents(stores[0] as UserEngineStore, [make.event(ACME.tenantId), make.event(ACME.tenantId)])
      let last = 0
      for (let round = 0; round < 8; round++) {
        const { token } = await (stores[round % stores.length] as UserEngineStore).outbox.claim({
          consumer: 'c',
          limit: 1,
          leaseMs: LONG,
        })
        check.ok(
          Number.isSafeInteger(token) && token > last,
          `token ${round + 1} is higher than the one before`,
          [last, token],
        )
        last = token
      }
    },
  },
  {
    id: 'OBX-03.stale-tokens-are-refused',
    rules: ['OBX-03', 'OBX-04', 'OBX-06'],
    title:
      'after the lease ran out and somebody else claimed, the old token can settle nothing and changes nothing',
    async run({ open, check, make }) {
      const store = await open()
      const [event] = await appendEvents(store, [make.event(ACME.tenantId)])
      const zombie = await store.outbox.claim({ consumer: 'zombie', limit: 1, leaseMs: SHORT })
      const heir = await claimEventually(store, (probe, what) => check.eventually(probe, what))
      check.equal(
        [heir.deliveries[0]?.event.id, heir.deliveries[0]?.attempt],
        [event?.id, 2],
        'the second hand-over',
      )
      const stale = { token: zombie.token, eventIds: [event?.id ?? ''] }
      const calls: Record<string, () => Promise<unknown>> = {
        ack: () => store.outbox.ack(stale),
        extend: () => store.outbox.extend({ ...stale, leaseMs: LONG }),
        nack: () => store.outbox.nack({ ...stale, reason: 'late', retryAfterMs: 0 }),
        deadLetter: () => store.outbox.deadLetter({ ...stale, reason: 'late' }),
      }
      for (const [name, call] of Object.entries(calls)) {
        const error = await check.rejects(call, 'STALE_LEASE', `${name} with the stale token`)
        check.equal(error.data, stale, `what the refusal of ${name} says`)
      }
      const { pending, leased, dead } = await store.outbox.stats()
      check.equal([pending, leased, dead], [0, 1, 0], 'the heir still holds it')
      await store.outbox.ack({ token: heir.token, eventIds: stale.eventIds })
    },
  },
  {
    id: 'OBX-03.all-or-nothing',
    rules: ['OBX-03'],
    title: 'a call that names one event the token does not hold changes none of the others',
    async run({ open, check, make }) {
      const store = await open()
      const events = await appendEvents(store, [make.event(null), make.event(null), make.event(null)])
      const ids = events.map(({ id }) => id)
      const lease = await store.outbox.claim({ consumer: 'c', limit: 2, leaseMs: LONG })
      const foreign = ids[2] ?? ''
      const unknown = make.id()
      const error = await check.rejects(
        store.outbox.ack({ token: lease.token, eventIds: [...ids, unknown] }),
        'STALE_LEASE',
        'an ack with two foreign events',
      )
      check.equal([...error.data.eventIds].sort(), [foreign, unknown].sort(), 'the events that are not held')
      check.equal((await store.outbox.stats()).leased, 2, 'still leased')
      await store.outbox.ack({ token: lease.token, eventIds: ids.slice(0, 2) })
    },
  },
  {
    id: 'OBX-04.dead-consumers-lose-nothing',
    rules: ['OBX-04', 'OBX-06'],
    title:
      'the events of a consumer that never comes back are claimed again in order, each attempt one higher',
    async run({ open, check, make }) {
      const store = await open()
      const events = await appendEvents(
        store,
        Array.from({ length: 5 }, () => make.event(ACME.tenantId, { aggregateId: 'one' })),
      )
      for (let attempt = 1; attempt <= 3; attempt++) {
        const lease = await check.eventually(async () => {
          const found = await store.outbox.claim({ consumer: `dies ${attempt}`, limit: 10, leaseMs: SHORT })
          return found.deliveries.length > 0 ? found : undefined
        }, `hand-over ${attempt}`)
        check.equal(
          eventIds(lease),
          events.map(({ id }) => id),
          `the events of hand-over ${attempt}`,
        )
        check.equal(
          new Set(lease.deliveries.map((delivery) => delivery.attempt)),
          new Set([attempt]),
          `attempt ${attempt}`,
        )
      }
    },
  },
  {
    id: 'OBX-04.extended-leases-last',
    rules: ['OBX-04', 'OBX-02'],
    title: 'a lease that is extended is held beyond its first end, and an expiry is named',
    async run({ open, check, make }) {
      const store = await open()
      const [kept, dropped] = await appendEvents(store, [make.event(null), make.event(null)])
      const lease = await store.outbox.claim({ consumer: 'slow', limit: 2, leaseMs: 300 })
      const { expiresAt } = await store.outbox.extend({
        token: lease.token,
        eventIds: [kept?.id ?? ''],
        leaseMs: LONG,
      })
      check.ok(expiresAt > lease.expiresAt, 'the new end is later than the old one', [
        lease.expiresAt,
        expiresAt,
      ])
      const next = await claimEventually(store, (probe, what) => check.eventually(probe, what))
      check.equal(eventIds(next), [dropped?.id], 'only the event that was not extended is handed over again')
      await store.outbox.ack({ token: lease.token, eventIds: [kept?.id ?? ''] })
    },
  },
  {
    id: 'OBX-06.acknowledged-exactly-once',
    rules: ['OBX-06'],
    title: 'an event is acknowledged once: a second time is refused, and it is never handed over again',
    async run({ open, check, make }) {
      const store = await open()
      const [event] = await appendEvents(store, [make.event(ACME.tenantId)])
      const lease = await claim(store)
      const request = { token: lease.token, eventIds: [event?.id ?? ''] }
      const results = await Promise.allSettled([1, 2, 3, 4].map(() => store.outbox.ack(request)))
      check.equal(
        results.filter(({ status }) => status === 'fulfilled').length,
        1,
        'acknowledgements that succeeded',
      )
      await check.rejects(store.outbox.ack(request), 'STALE_LEASE', 'one more')
      check.equal((await claim(store)).deliveries, [], 'a further claim')
      const { items } = await store.read(ACME, (reader) => reader.outbox.list())
      check.equal(items, [{ event, state: 'delivered', attempts: null }], 'the event in the log')
    },
  },
  {
    id: 'OBX-02.claims-are-checked',
    rules: ['OBX-02'],
    title: 'a claim beyond the manifest, or a malformed call, is VALIDATION',
    async run({ open, check, capabilities }) {
      const { outbox } = await open()
      const good = { consumer: 'c', limit: 1, leaseMs: 1_000 }
      const { maxBatch, maxLeaseMs } = capabilities.outbox
      const bad = [
        { limit: 0 },
        { limit: maxBatch + 1 },
        { leaseMs: 0 },
        { leaseMs: maxLeaseMs + 1 },
        { consumer: '' },
        { limit: 1.5 },
      ]
      for (const change of bad) {
        await check.rejects(
          outbox.claim({ ...good, ...change }),
          'VALIDATION',
          `claim with ${JSON.stringify(change)}`,
        )
      }
      await check.rejects(outbox.ack({ token: 1, eventIds: [] }), 'VALIDATION', 'an ack of nothing')
      await check.rejects(outbox.ack({ token: 1, eventIds: ['no id'] }), 'VALIDATION', 'an ack of no id')
      const nack = {
        token: 1,
        eventIds: ['01890a5d-ac96-774b-bcce-b302099a8057'],
        reason: '',
        retryAfterMs: 0,
      }
      await check.rejects(outbox.nack(nack), 'VALIDATION', 'a nack without reason')
    },
  },
  {
    id: 'OBX-02.two-instances-share-the-outbox',
    rules: ['OBX-02', 'LIF-01'],
    title: 'what one instance claimed another cannot, and can settle with the token',
    notFor: onlyShared,
    async run({ open, check, make }) {
      const [one, two] = [await open(), await open()]
      const [event] = await appendEvents(one, [make.event(ACME.tenantId)])
      const lease = await claim(one)
      check.equal((await claim(two)).deliveries, [], 'a claim on the other instance')
      await two.outbox.ack({ token: lease.token, eventIds: [event?.id ?? ''] })
      await check.rejects(
        one.outbox.ack({ token: lease.token, eventIds: [event?.id ?? ''] }),
        'STALE_LEASE',
        'the ack of the first',
      )
    },
  },
]

export async function appendEvents(
  store: UserEngineStore,
  events: readonly OutboxEvent[],
): Promise<readonly OutboxEvent[]> {
  await store.transact(PLATFORM, (tx) => {
    for (const event of events) void tx.outbox.append(event)
  })
  return events
}

export async function claim(store: UserEngineStore): Promise<OutboxLease> {
  return await store.outbox.claim({ consumer: 'kit', limit: 500, leaseMs: LONG })
}

export function eventIds(lease: OutboxLease): readonly string[] {
  return lease.deliveries.map(({ event }) => event.id)
}

type Eventually = <Result>(probe: () => Promise<Result | undefined>, what: string) => Promise<Result>

async function claimEventually(store: UserEngineStore, eventually: Eventually): Promise<OutboxLease> {
  return await eventually(async () => {
    const lease = await claim(store)
    return lease.deliveries.length > 0 ? lease : undefined
  }, 'the events are handed over again when the lease has run out')
}
