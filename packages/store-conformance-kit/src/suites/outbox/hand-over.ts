import { ACCEPTS_ACKS_AT_ONCE, HANDS_OUT_TWICE } from '../../calibration/defects.ts'
import type { RaceRound } from '../../calibration/race.ts'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import { createGate, endedOrBlocked } from '../../gate.ts'
import { ACME, OTHER, type RecordMaker } from '../../records.ts'
import { appendEvents, claim, drain, eventIds, longLease } from './steps.ts'

export const HAND_OVER_CASES: readonly ConformanceCase[] = [
  {
    id: 'OBX-01.begin-first-commit-last-is-not-skipped',
    rules: ['OBX-01'],
    title: 'an event whose transaction began first and commits last is handed over, whatever left before it',
    run: (context) => showLateCommit(context),
  },
  {
    id: 'OBX-01.aborted-events-are-never-seen',
    rules: ['OBX-01', 'TXN-02', 'TXN-05'],
    title:
      'events of transactions that fail, wholly or in a nested part, are neither handed over nor listed nor counted',
    async run({ open, check, make }) {
      const store = await open()
      const boom = new Error('on purpose')
      const kept = make.event(ACME.tenantId)
      const failed = store.transact(ACME, async (tx) => {
        await tx.outbox.append(make.event(ACME.tenantId))
        await tx.outbox.list()
        throw boom
      })
      await check.rejectsWith(failed, boom, 'the transaction')
      await store.transact(ACME, async (tx) => {
        const inner = tx.transact(async (nested) => {
          await nested.outbox.append(make.event(ACME.tenantId))
          await nested.outbox.list()
          throw boom
        })
        await check.rejectsWith(inner, boom, 'the nested transaction')
        await tx.outbox.append(kept)
      })
      check.equal((await store.outbox.stats()).pending, 1, 'events that wait')
      const { items } = await store.read(ACME, (reader) => reader.outbox.list())
      check.equal(
        items.map(({ event }) => event),
        [kept],
        'events in the log',
      )
      check.equal(
        (await claim(store)).deliveries,
        [{ event: kept, attempt: 1 }],
        'events that are handed over',
      )
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
        make.event(OTHER.tenantId, { schemaVersion: 7, occurredAt: '0001-01-01T00:00:00.001Z' }),
        make.event(null),
      ]
      await appendEvents(store, events)
      const seen = []
      for (let round = 0; round < events.length; round++) {
        const { token, deliveries } = await claim(store)
        seen.push(...deliveries)
        if (deliveries.length === 0) break
        await store.outbox.ack({ token, eventIds: deliveries.map(({ event }) => event.id) })
      }
      // Across aggregates no order is promised; ids grow in the order the events were made.
      const inOrder = seen.toSorted((one, other) => (one.event.id < other.event.id ? -1 : 1))
      check.equal(
        inOrder,
        events.map((event) => ({ event, attempt: 1 })),
        'what is handed over',
      )
    },
  },
  {
    id: 'OBX-02.one-live-lease-per-event',
    rules: ['OBX-02', 'OBX-03'],
    title: 'of ten concurrent claims no two hold an event, and each has a token of its own',
    async run({ race, make, note }) {
      let atOnce = 0
      const run = async (round: RaceRound) => {
        atOnce = Math.max(atOnce, await claimAtOnce(round, make))
      }
      await race({ defect: HANDS_OUT_TWICE, run })
      note(`up to ${atOnce} of ${COMPETED_FOR} events were handed over by ten claims at once`)
    },
  },
  {
    id: 'OBX-02.leases-say-what-they-are',
    rules: ['OBX-02', 'VAL-04'],
    title: 'a lease names its consumer and its end, holds no more than was asked for, and may be empty',
    async run({ open, check, make }) {
      const store = await open()
      const leaseMs = longLease(store)
      const request = { consumer: 'consumer-ü', limit: 2, leaseMs }
      const empty = await store.outbox.claim(request)
      check.equal(empty.deliveries, [], 'the deliveries when nothing is due')
      await appendEvents(store, [make.event(ACME.tenantId), make.event(ACME.tenantId), make.event(null)])
      const limit = Math.min(2, store.capabilities.outbox.maxBatch)
      const lease = await store.outbox.claim({ ...request, limit })
      check.equal(lease.consumer, 'consumer-ü', 'the consumer')
      check.ok(lease.deliveries.length <= limit, 'no more than was asked for', lease.deliveries.length)
      check.ok(lease.deliveries.length > 0, 'something is handed over', lease.deliveries.length)
      // By the store's clock, which need not be this one's.
      const lasts = Date.parse(lease.expiresAt) - Date.parse(empty.expiresAt)
      check.ok(lasts >= 0 && lasts < leaseMs, 'the ends of two leases are apart as their claims were', lasts)
      check.equal(new Date(lease.expiresAt).toISOString(), lease.expiresAt, 'the end is an instant')
    },
  },
  {
    id: 'OBX-02.two-instances-share-the-outbox',
    rules: ['OBX-02', 'LIF-01'],
    title: 'what one instance claimed another cannot, and can settle with the token',
    notFor: ({ durability }) => (durability.shared ? null : 'durability.shared is false'),
    async run({ open, check, make }) {
      const [one, two] = [await open(), await open()]
      const [event] = await appendEvents(one, [make.event(ACME.tenantId)])
      const lease = await claim(one)
      check.equal((await claim(two)).deliveries, [], 'a claim on the other instance')
      await one.close()
      check.equal((await claim(two)).deliveries, [], 'a claim after the instance of the consumer has closed')
      const request = { token: lease.token, eventIds: [event?.id ?? ''] }
      await two.outbox.ack(request)
      await check.rejects((await open()).outbox.ack(request), 'STALE_LEASE', 'an ack on a third instance')
    },
  },
  {
    id: 'OBX-06.acknowledged-exactly-once',
    rules: ['OBX-06', 'OBX-03'],
    title: 'an event is acknowledged once: a second time is refused, and it is never handed over again',
    async run({ open, check, make }) {
      const store = await open()
      const [event] = await appendEvents(store, [make.event(ACME.tenantId)])
      const lease = await claim(store)
      const request = { token: lease.token, eventIds: [event?.id ?? ''] }
      await store.outbox.ack(request)
      const error = await check.rejects(store.outbox.ack(request), 'STALE_LEASE', 'one more')
      check.equal(error.data, request, 'what the refusal says')
      check.equal(await drain(store), [], 'what is handed over afterwards')
      const { items } = await store.read(ACME, (reader) => reader.outbox.list())
      const [entry] = items
      check.equal([items.length, entry?.event, entry?.state], [1, event, 'delivered'], 'the event in the log')
      const isCount = entry?.attempts === null || entry?.attempts === 1
      check.ok(isCount, 'how often it was handed over, or that this is no longer kept', entry?.attempts)
    },
  },
  {
    id: 'OBX-06.one-of-many-acks-at-once',
    rules: ['OBX-06', 'OBX-03'],
    title: 'of eight acknowledgements of one event at once, on every instance, exactly one succeeds',
    run: ({ race, make }) =>
      race({ defect: ACCEPTS_ACKS_AT_ONCE, run: (round) => acknowledgeAtOnce(round, make) }),
  },
]

/** How many events ten claims at once compete for. */
const COMPETED_FOR = 100

async function claimAtOnce({ stores, check }: RaceRound, make: RecordMaker): Promise<number> {
  const [store] = stores
  const before = await store.outbox.stats()
  const events = await appendEvents(
    store,
    Array.from({ length: COMPETED_FOR }, () => make.event(ACME.tenantId)),
  )
  const leases = await Promise.all(
    Array.from({ length: 10 }, (_, index) => claim(stores[index % stores.length] ?? store, 10)),
  )
  const atOnce = leases.flatMap(eventIds).length
  // A claim may leave alone what others are claiming; who asks again gets it.
  for (;;) {
    const lease = await claim(store, 10)
    leases.push(lease)
    if (lease.deliveries.length === 0) break
  }
  const { pending, leased } = await store.outbox.stats()
  const held = leases.flatMap(eventIds)
  check.equal(held.length, new Set(held).size, 'events that are held: none twice')
  check.equal(held.toSorted(), events.map(({ id }) => id).toSorted(), 'the events that are held')
  check.equal(new Set(leases.map(({ token }) => token)).size, leases.length, 'tokens')
  const added = [pending - before.pending, leased - before.leased]
  check.equal(added, [0, COMPETED_FOR], 'events that wait, and that are leased, beyond those before')
  return atOnce
}

async function acknowledgeAtOnce({ stores, check }: RaceRound, make: RecordMaker): Promise<void> {
  const [store] = stores
  const [event] = await appendEvents(store, [make.event(ACME.tenantId)])
  const { token, deliveries } = await claim(store)
  check.equal(deliveries, [{ event, attempt: 1 }], 'what is handed over')
  const request = { token, eventIds: [event?.id ?? ''] }
  const acks = Array.from({ length: 8 }, (_, index) =>
    (stores[index % stores.length] ?? store).outbox.ack(request),
  )
  const results = await Promise.allSettled(acks)
  const successes = results.filter(({ status }) => status === 'fulfilled')
  check.equal(successes.length, 1, 'acknowledgements that succeeded, of eight at once')
  for (const result of results)
    if (result.status === 'rejected')
      await check.rejects(Promise.reject(result.reason), 'STALE_LEASE', 'another one')
}

async function showLateCommit({ openAll, check, make }: CaseContext): Promise<void> {
  const stores = await openAll()
  const [store] = stores
  const other = stores.at(-1) ?? store
  const [early, late] = [make.event(ACME.tenantId), make.event(ACME.tenantId)]
  const [appended, finish] = [createGate(), createGate()]
  const slow = store.transact(ACME, async (tx) => {
    await tx.users.list()
    await tx.outbox.append(early)
    await tx.outbox.list()
    appended.open()
    await finish.opened
  })
  await Promise.race([appended.opened, slow])
  const quick = other.transact(ACME, (tx) => tx.outbox.append(late))
  // A store may let the second wait for the first; then nothing can leave before it.
  const step = await endedOrBlocked(quick)
  const before = await drain(store)
  check.equal(before, step === 'ended' ? [late.id] : [], 'what is handed over before the commit of the first')
  finish.open()
  await Promise.all([slow, quick])
  const after = await drain(store)
  const expected = step === 'ended' ? [early.id] : [early.id, late.id]
  check.equal(after.toSorted(), expected, 'what is handed over after it')
  const { items } = await store.read(ACME, (reader) => reader.outbox.list({ state: 'delivered' }))
  check.equal(items.length, 2, 'events that were delivered')
}
