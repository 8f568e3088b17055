// Producers and consumers at once. The books must balance: every committed event is settled exactly once, in order.
import { setTimeout as delay } from 'node:timers/promises'
import {
  type DeadLetter,
  isUserEngineError,
  type OutboxDelivery,
  type Page,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import { LOSES_WHAT_OVERLAPS } from '../../calibration/defects.ts'
import type { RaceRound } from '../../calibration/race.ts'
import type { CaseContext, ConformanceCase } from '../../case.ts'
import type { Check } from '../../check.ts'
import { ACME } from '../../records.ts'
import { eventOf, longLease } from './steps.ts'

/** How many transactions append an event, or roll back, in one round. */
const TOTAL = 120
const AGGREGATES = 12
const PRODUCERS = 3
const CONSUMERS = 4
/** The lease of a consumer that dies: short enough to run out while the others work. */
const DYING_MS = 20

export const ACCOUNTING_CASES: readonly ConformanceCase[] = [
  {
    id: 'OBX-06.accounting-of-competing-consumers',
    rules: ['OBX-06', 'OBX-01', 'OBX-02', 'OBX-04', 'OBX-05', 'OBX-10'],
    title:
      'with competing consumers that die, fail, retry and give back untried: nothing lost, nothing unexpected, nothing doubled under a live lease, order kept',
    timeoutMs: 90_000,
    run: (context) => showAccounting(context),
  },
]

/** What was seen while it ran. */
interface Books {
  /** The events of every aggregate, in the order of their commits. */
  readonly committed: Map<string, string[]>
  /** Deliveries at the first attempt with their tokens: an answer may arrive late, tokens say what was claimed first. */
  readonly firstAttempts: { readonly token: number; readonly delivery: OutboxDelivery }[]
  /** Deliveries in the order they were acknowledged. */
  readonly acked: OutboxDelivery[]
  readonly deadLettered: Set<string>
  /** Who holds an event, and until when at least. */
  readonly holders: Map<string, { readonly token: number; readonly until: number }>
  /** Events that were handed over while somebody else held them. */
  readonly doubled: string[]
  recovered: number
  emptyClaims: number
  rolledBack: number
}

async function showAccounting(context: CaseContext): Promise<void> {
  const { race, check, note, capabilities } = context
  const sum = { acked: 0, rolledBack: 0, recovered: 0, dead: 0, emptyClaims: 0 }
  await race({
    defect: LOSES_WHAT_OVERLAPS,
    tries: 5,
    async run(round) {
      const books = await keepBooks(context, round)
      if (round.isCalibration) return
      sum.acked += books.acked.length
      sum.dead += books.deadLettered.size
      for (const entry of ['rolledBack', 'recovered', 'emptyClaims'] as const) sum[entry] += books[entry]
    },
  })
  // With a single attempt an event whose consumer dies is dead.
  if (capabilities.outbox.maxAttempts > 1)
    check.ok(sum.recovered > 0, 'events were handed over again', sum.recovered)
  check.ok(sum.rolledBack > 0, 'transactions were rolled back', sum.rolledBack)
  note(
    `${sum.acked} events acknowledged, ${sum.rolledBack} transactions rolled back, ${sum.recovered} hand-overs repeated, ${sum.dead} dead, ${sum.emptyClaims} empty claims`,
  )
}

async function keepBooks(context: CaseContext, { stores, check, round }: RaceRound): Promise<Books> {
  const aggregates = Array.from({ length: AGGREGATES }, (_, index) => `aggregate-${round}-${index}`)
  const books: Books = {
    committed: new Map(aggregates.map((aggregate) => [aggregate, []])),
    ...{ firstAttempts: [], acked: [], deadLettered: new Set(), holders: new Map(), doubled: [] },
    ...{ recovered: 0, emptyClaims: 0, rolledBack: 0 },
  }
  const before = await stores[0].outbox.stats()
  let producing = true
  const producers = Array.from({ length: PRODUCERS }, (_, producer) => {
    // Each aggregate has one producer, so that the order of its commits is known.
    const own = aggregates.filter((_aggregate, index) => index % PRODUCERS === producer)
    return produce(context, { stores, books, aggregates: own })
  })
  const produced = Promise.all(producers).finally(() => {
    producing = false
  })
  const consumers = Array.from({ length: CONSUMERS }, (_, consumer) =>
    consume(context, { stores, books, name: `consumer ${consumer}`, isProducing: () => producing }),
  )
  await Promise.all([produced, ...consumers])
  await noteDeadLetters(stores[0], books)
  balance(check, books)
  const { pending, leased, dead } = await stores[0].outbox.stats()
  check.equal(
    [pending, leased, dead - before.dead],
    [0, 0, books.deadLettered.size],
    'what the stats say in the end',
  )
  return books
}

async function noteDeadLetters(store: UserEngineStore, { committed, deadLettered }: Books): Promise<void> {
  let cursor: string | null = null
  do {
    const page: Page<DeadLetter> = await store.outbox.listDeadLetters({
      limit: 500,
      ...(cursor === null ? {} : { cursor }),
    })
    for (const { event } of page.items) if (committed.has(event.aggregateId)) deadLettered.add(event.id)
    cursor = page.nextCursor
  } while (cursor !== null)
}

function balance(check: Check, books: Books): void {
  const { committed, acked, deadLettered, firstAttempts, doubled } = books
  const expected = [...committed.values()].flat()
  const settled = [...acked.map(({ event }) => event.id), ...deadLettered]
  const settledIds = new Set(settled)
  const expectedIds = new Set(expected)
  check.equal(
    expected.filter((id) => !settledIds.has(id)),
    [],
    'lost events',
  )
  check.equal(
    settled.filter((id) => !expectedIds.has(id)),
    [],
    'unexpected events',
  )
  check.equal(settled.length, settledIds.size, 'events that were settled: none twice')
  check.equal(doubled, [], 'events handed over under somebody else’s live lease')
  const inOrder = firstAttempts
    .toSorted((one, other) => one.token - other.token)
    .map(({ delivery }) => delivery)
  for (const [aggregate, ids] of committed) {
    const of = (deliveries: readonly OutboxDelivery[]) =>
      deliveries.filter(({ event }) => event.aggregateId === aggregate).map(({ event }) => event.id)
    // What was released comes at its first attempt once more.
    const handedOver = [...new Set(of(inOrder))]
    check.equal(handedOver, ids, `the order in which ${aggregate} was first handed over`)
    const alive = ids.filter((id) => !deadLettered.has(id))
    check.equal(of(acked), alive, `the order in which ${aggregate} was acknowledged`)
  }
}

async function produce(
  { check, make, random }: CaseContext,
  {
    stores,
    books,
    aggregates,
  }: {
    readonly stores: readonly UserEngineStore[]
    readonly books: Books
    readonly aggregates: readonly string[]
  },
): Promise<void> {
  const undo = new RangeError('rolled back on purpose')
  for (let index = 0; index < TOTAL / PRODUCERS; index++) {
    const aggregate = aggregates[index % aggregates.length] ?? ''
    const event = eventOf(make, aggregate)
    const rollsBack = random() < 0.15
    const append = pick(stores, random).transact(ACME, async (tx) => {
      await tx.outbox.append(event)
      if (random() < 0.3) await tx.outbox.list({ page: { limit: 1 } })
      if (rollsBack) throw undo
    })
    if (rollsBack) {
      await check.rejectsWith(append, undo, 'a transaction that rolls back')
      books.rolledBack += 1
      continue
    }
    await append
    books.committed.get(aggregate)?.push(event.id)
  }
}

interface Consumer {
  readonly stores: readonly UserEngineStore[]
  readonly books: Books
  readonly name: string
  isProducing(): boolean
}

async function consume(context: CaseContext, consumer: Consumer): Promise<void> {
  const { random, capabilities } = context
  const { stores, books, name, isProducing } = consumer
  for (;;) {
    const store = pick(stores, random)
    const dies = random() < 0.2
    const leaseMs = dies ? DYING_MS : longLease(store)
    const limit = Math.min(1 + Math.floor(random() * 12), capabilities.outbox.maxBatch)
    const before = performance.now()
    const { token, deliveries } = await store.outbox.claim({ consumer: name, limit, leaseMs })
    if (deliveries.length === 0) {
      books.emptyClaims += 1
      const { pending, leased } = await store.outbox.stats()
      if (!isProducing() && pending + leased === 0) break
      await delay(2)
      continue
    }
    for (const delivery of deliveries) {
      const { id } = delivery.event
      const holder = books.holders.get(id)
      // An answer that arrives after that of a later claim holds nothing any more.
      if (holder === undefined || holder.token < token) {
        if (holder !== undefined && holder.until > performance.now()) books.doubled.push(id)
        // The lease began after the call did, so that it lasts at least until then.
        books.holders.set(id, { token, until: before + leaseMs })
      }
      if (delivery.attempt === 1) books.firstAttempts.push({ token, delivery })
      else books.recovered += 1
    }
    if (!dies) await settle(context, { books, store, lease: { token, deliveries } })
  }
}

interface Settlement {
  readonly books: Books
  readonly store: UserEngineStore
  readonly lease: { readonly token: number; readonly deliveries: readonly OutboxDelivery[] }
}

/** Now and then the last of a batch is given back, tried or untried; everything before it is acknowledged. */
async function settle(
  { random }: CaseContext,
  { books, store, lease: { token, deliveries } }: Settlement,
): Promise<void> {
  const last = deliveries.at(-1)
  const givesBack = random() < 0.25 && last !== undefined
  const kept = givesBack ? deliveries.slice(0, -1) : deliveries
  const release = (released: readonly OutboxDelivery[]) => {
    for (const { event } of released) books.holders.delete(event.id)
  }
  if (givesBack) {
    release([last])
    const request = { token, eventIds: [last.event.id] }
    const retryAfterMs = Math.floor(random() * 10)
    if (random() < 0.5) await store.outbox.release(request)
    else await store.outbox.nack({ ...request, reason: 'given back', retryAfterMs })
  }
  if (kept.length === 0) return
  // Noted before the call: once it returns, somebody else may already hold what follows.
  books.acked.push(...kept)
  release(kept)
  try {
    await store.outbox.ack({ token, eventIds: kept.map(({ event }) => event.id) })
  } catch (error) {
    if (!isUserEngineError(error, 'STALE_LEASE')) throw error
    const lost = new Set(kept)
    const remaining = books.acked.filter((delivery) => !lost.has(delivery))
    books.acked.splice(0, books.acked.length, ...remaining)
  }
}

function pick(stores: readonly UserEngineStore[], random: () => number): UserEngineStore {
  const store = stores[Math.floor(random() * stores.length)]
  if (store === undefined) throw new TypeError('there is at least one store')
  return store
}
