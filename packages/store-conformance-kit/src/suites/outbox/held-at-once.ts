// Hundreds of events in the hands of several consumers at once. What a store keeps to know when each of them ends grows and
// shrinks in every place: whoever keeps it in a tree, an index or a wheel has it turned over here.
import type { OutboxEvent, OutboxLease, UserEngineStore } from '@user-engine/store-protocol'
import { type CaseContext, type ConformanceCase, onlyWithAttempts } from '../../case.ts'
import type { Check } from '../../check.ts'
import type { RecordMaker } from '../../records.ts'
import { appendEvents, claim, eventIds, eventOf, longLease, SHORT_MS } from './steps.ts'

const AGGREGATES = 320
const BATCH = 40
/** Every so many-th aggregate has a second event, which waits behind the first. */
const WITH_A_SECOND = 4
/** How much later than that of the one before it a lease's events are due that are put off. */
const APART_MS = 20

export const HELD_AT_ONCE_CASES: readonly ConformanceCase[] = [
  {
    id: 'OBX-04.hundreds-held-at-once',
    rules: ['OBX-04', 'OBX-05', 'OBX-06', 'OBX-10'],
    title:
      'of hundreds of events that several leases hold at once some are acknowledged, given back, put off, extended and left behind: the right ones come again, once, in order',
    notFor: onlyWithAttempts(2),
    run: (context) => showHeldAtOnce(context),
  },
]

/** Events under one token. */
interface Part {
  readonly token: number
  readonly eventIds: string[]
}

/** What is to become of every event. */
interface Fates {
  /** Events that are handed over again, with the attempt that they then have. */
  readonly again: Map<string, number>
  readonly acked: Set<string>
  /** Events that stay with whoever has them. */
  readonly kept: Part[]
}

async function showHeldAtOnce({ open, check, make, note }: CaseContext): Promise<void> {
  const store = await open()
  const { firsts, seconds } = makeEvents(make)
  await appendEvents(store, [...firsts, ...seconds])

  const leases: OutboxLease[] = []
  const count = () => leases.reduce((sum, { deliveries }) => sum + deliveries.length, 0)
  while (count() < AGGREGATES - BATCH) {
    const lease = await claim(store, BATCH)
    check.ok(lease.deliveries.length > 0, 'more is handed over', count())
    leases.push(lease)
  }
  // The last claim before all of it is settled: what its lease holds is its own until then, however long that takes.
  const limit = Math.min(BATCH, store.capabilities.outbox.maxBatch)
  const last = await store.outbox.claim({ consumer: 'kit', limit, leaseMs: SHORT_MS })
  check.ok(last.deliveries.length > 0, 'the last lease holds something', last.deliveries.length)
  note(`${count() + last.deliveries.length} events were held at once by ${leases.length + 1} leases`)

  const fates: Fates = { again: new Map(), acked: new Set(), kept: [] }
  await leaveInPart(store, last, fates)
  for (const [index, lease] of leases.entries()) await settle(store, lease, index * APART_MS, fates)
  const isKept = new Set(fates.kept.flatMap((part) => part.eventIds))
  for (const { id } of [...firsts, ...seconds])
    if (!fates.again.has(id) && !fates.acked.has(id) && !isKept.has(id)) fates.again.set(id, 1)

  // Behind what is kept a second event waits, until that is acknowledged.
  const keepers = new Set(firsts.filter(({ id }) => isKept.has(id)).map(({ aggregateId }) => aggregateId))
  const waits = new Map<string, number>()
  for (const { id, aggregateId } of seconds) {
    const attempt = fates.again.get(id)
    if (!keepers.has(aggregateId) || attempt === undefined) continue
    waits.set(id, attempt)
    fates.again.delete(id)
  }
  const seen = await take(store, check, fates.again)
  for (const part of fates.kept) await store.outbox.ack(part)
  seen.push(...(await take(store, check, waits)))

  const places = new Map(seen.map((id, place) => [id, place]))
  const firstOf = new Map(firsts.map(({ id, aggregateId }) => [aggregateId, id]))
  const overtook = seconds.filter(({ id, aggregateId }) => {
    const before = places.get(firstOf.get(aggregateId) ?? '')
    return before !== undefined && (places.get(id) ?? before) < before
  })
  check.equal(overtook, [], 'events that overtook an earlier one of their aggregate')
  check.equal(eventIds(await claim(store)), [], 'what is handed over in the end')
  const { pending, leased, dead } = await store.outbox.stats()
  check.equal([pending, leased, dead], [0, 0, 0], 'what waits, is leased and dead in the end')
}

interface Events {
  readonly firsts: readonly OutboxEvent[]
  readonly seconds: readonly OutboxEvent[]
}

function makeEvents(make: RecordMaker): Events {
  const aggregates = Array.from({ length: AGGREGATES }, (_, index) => `${index}`)
  const firsts = aggregates.map((aggregate) => eventOf(make, aggregate))
  const withASecond = aggregates.filter((_, index) => index % WITH_A_SECOND === 0)
  return { firsts, seconds: withASecond.map((aggregate) => eventOf(make, aggregate)) }
}

/** The events of a lease in so many parts; those of one aggregate are in one part. */
function inParts({ deliveries }: OutboxLease, count: number): readonly string[][] {
  const isIn = (part: number) =>
    deliveries.filter(({ event }) => Number(event.aggregateId) % count === part).map(({ event }) => event.id)
  return Array.from({ length: count }, (_, part) => isIn(part))
}

/** Keeps half of a lease, and leaves the rest to its end. */
async function leaveInPart(
  store: UserEngineStore,
  lease: OutboxLease,
  { again, kept }: Fates,
): Promise<void> {
  const [rest = [], extended = []] = inParts(lease, 2)
  for (const id of rest) again.set(id, 2)
  await keep(store, { token: lease.token, eventIds: extended }, kept)
}

/** Settles a lease in all the ways there are but the dead letters. */
async function settle(
  store: UserEngineStore,
  lease: OutboxLease,
  putOffMs: number,
  { again, acked, kept }: Fates,
): Promise<void> {
  const { outbox } = store
  const { token } = lease
  const [done = [], failed = [], later = [], untried = [], rest = []] = inParts(lease, 5)
  const reason = 'not now'
  if (done.length > 0) await outbox.ack({ token, eventIds: done })
  if (failed.length > 0) await outbox.nack({ token, eventIds: failed, reason, retryAfterMs: 0 })
  if (later.length > 0) await outbox.nack({ token, eventIds: later, reason, retryAfterMs: putOffMs })
  if (untried.length > 0) await outbox.release({ token, eventIds: untried })
  for (const id of done) acked.add(id)
  for (const id of [...failed, ...later]) again.set(id, 2)
  for (const id of untried) again.set(id, 1)
  await keep(store, { token, eventIds: rest }, kept)
}

async function keep(store: UserEngineStore, part: Part, kept: Part[]): Promise<void> {
  if (part.eventIds.length === 0) return
  await store.outbox.extend({ ...part, leaseMs: longLease(store) })
  kept.push(part)
}

/** Claims and acknowledges until as many events came as are due: these, each once and with its attempt. */
async function take(
  store: UserEngineStore,
  check: Check,
  due: ReadonlyMap<string, number>,
): Promise<string[]> {
  const seen: (readonly [id: string, attempt: number])[] = []
  while (seen.length < due.size) {
    const { token, deliveries } = await check.eventually(async () => {
      const lease = await claim(store)
      return lease.deliveries.length > 0 ? lease : undefined
    }, `more of the events that are due, after ${seen.length} of ${due.size}`)
    seen.push(...deliveries.map(({ event, attempt }) => [event.id, attempt] as const))
    await store.outbox.ack({ token, eventIds: deliveries.map(({ event }) => event.id) })
  }
  const byId = (entries: Iterable<readonly [string, number]>) =>
    [...entries].toSorted(([one], [other]) => (one < other ? -1 : 1))
  check.equal(byId(seen), byId(due), 'the events that came again, each once and with its attempt')
  return seen.map(([id]) => id)
}
