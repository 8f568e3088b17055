// The books of the outbox under everything at once: many writers, of which some roll back, some commit late and out of order,
// some hold savepoints; consumers in several instances that acknowledge in parts, give back, release, extend, give up, die and come
// back as zombies. Nothing is lost, nothing of an aborted transaction is handed over, each aggregate keeps its order, and no
// event is under two live leases [OBX-01 to OBX-07, OBX-10].
import { setTimeout as delay } from 'node:timers/promises'
import {
  isUserEngineError,
  type OutboxEvent,
  type OutboxLease,
  type OutboxPort,
} from '@user-engine/store-protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createOutboxWorld, idsOf, type OutboxWorld, outboxEvent } from './testing/outbox-world.ts'

const WRITERS = 12
const INSTANCES = 3
const CONSUMERS_EACH = 3
const AGGREGATES = 24
const WRITING_MS = Number(process.env['USER_ENGINE_OUTBOX_STRESS_MS'] ?? 4_000)
const LONG_MS = 60_000
/** A busy machine writes on until there is something to account for, but not for ever. */
const PATIENCE_MS = 60_000
const EVENTS_AT_LEAST = 200
const ABORTED_AT_LEAST = 20
const MAX_ATTEMPTS = 6

let world: OutboxWorld

beforeAll(async () => {
  world = await createOutboxWorld()
})

afterAll(() => world.close())

/** A small generator with a seed, so that a run can be repeated as far as the scheduler allows. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

interface Books {
  /** The events of each aggregate in the order of their commits. */
  readonly committed: Map<string, string[]>
  readonly aborted: Set<string>
  readonly handedOver: Map<string, { readonly token: number; readonly attempt: number }[]>
  /** First hand-overs, with the token of each. */
  readonly first: { readonly token: number; readonly place: number; readonly event: OutboxEvent }[]
  readonly acked: Map<string, number>
  readonly buried: Set<string>
  /** Hand-overs that count as no attempt, as `<event> <token>`. */
  readonly released: Set<string>
  /** Until when an event is certainly held, on this process's clock. */
  readonly holders: Map<string, { readonly token: number; readonly until: number }>
  readonly wrong: string[]
  late: number
  zombies: number
}

/**
 * Appends for an aggregate of its own at a time, under a lock of the aggregate as a change of its row would take it: so the
 * order of positions is that of commits per aggregate, and of nothing else.
 */
async function write(books: Books, random: () => number, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const aggregates = [...new Set([pick(random), pick(random)])].sort()
    const events = aggregates.flatMap((aggregate) =>
      Array.from({ length: 1 + Math.floor(random() * 3) }, () => outboxEvent(aggregate)),
    )
    const kind = random()
    const transaction = await world.begin()
    // An id early, so that ids and positions are in different orders.
    if (random() < 0.3) await transaction.query('SELECT pg_current_xact_id()')
    for (const aggregate of aggregates)
      await transaction.query(`SELECT pg_advisory_xact_lock(hashtextextended('${aggregate}', 1))`)
    if (random() < 0.2) {
      const undone = outboxEvent(aggregates[0] ?? '')
      books.aborted.add(undone.id)
      await transaction.query('SAVEPOINT one')
      await transaction.append(undone)
      await transaction.query('ROLLBACK TO SAVEPOINT one')
    }
    if (random() < 0.2) await transaction.query('SAVEPOINT two')
    await transaction.append(...events)
    if (kind < 0.5) await delay(random() * (kind < 0.08 ? 400 : 40))
    if (kind > 0.85) {
      for (const { id } of events) books.aborted.add(id)
      await transaction.rollback()
      continue
    }
    // Noted before the lock goes: the next writer of the aggregate comes after.
    for (const { id, aggregateId } of events) books.committed.get(aggregateId)?.push(id)
    await transaction.commit()
  }
}

/** Whether there has been enough of everything that it is about. */
function hasHappened({ committed, aborted, late, zombies, released }: Books): boolean {
  const events = [...committed.values()].reduce((sum, ids) => sum + ids.length, 0)
  const isAccounted = events > EVENTS_AT_LEAST && aborted.size > ABORTED_AT_LEAST
  return isAccounted && late > 0 && zombies > 0 && released.size > 0
}

function pick(random: () => number): string {
  // A few aggregates are hot.
  return `a${Math.floor(random() * random() * AGGREGATES)}`
}

async function consume(
  books: Books,
  {
    ports,
    name,
    random,
    isOver,
  }: {
    readonly ports: readonly OutboxPort[]
    readonly name: string
    readonly random: () => number
    readonly isOver: () => boolean
  },
): Promise<void> {
  const zombies: (() => Promise<void>)[] = []
  const anyPort = () => ports[Math.floor(random() * ports.length)] as OutboxPort
  for (;;) {
    const port = ports[0] as OutboxPort
    const leaseMs = random() < 0.2 ? 30 : LONG_MS
    const askedAt = performance.now()
    const lease = await port.claim({ consumer: name, limit: 1 + Math.floor(random() * 20), leaseMs })
    if (lease.deliveries.length === 0) {
      if (isOver()) {
        const { pending, leased } = await port.stats()
        if (pending + leased === 0) return
      }
      await delay(1 + random() * 3)
      continue
    }
    noteHandOver(books, lease, askedAt + leaseMs)
    if (leaseMs < LONG_MS) {
      // It dies; later somebody who was only paused comes back with its token.
      zombies.push(() => settleSome(books, { port: anyPort(), lease, random, isZombie: true }))
      if (zombies.length > 3) await zombies.shift()?.()
      continue
    }
    if (random() < 0.2) await delay(random() * 10)
    await settleSome(books, { port: random() < 0.3 ? anyPort() : port, lease, random, isZombie: false })
  }
}

function noteHandOver(books: Books, { token, deliveries }: OutboxLease, until: number): void {
  for (const [place, { event, attempt }] of deliveries.entries()) {
    const before = books.handedOver.get(event.id) ?? []
    const holder = books.holders.get(event.id)
    if (holder !== undefined && holder.token < token && holder.until > performance.now())
      books.wrong.push(`${event.id} was handed over under ${token} while ${holder.token} held it`)
    if (books.acked.has(event.id)) books.wrong.push(`${event.id} was handed over after it was acknowledged`)
    if (holder === undefined || holder.token < token) books.holders.set(event.id, { token, until })
    books.handedOver.set(event.id, [...before, { token, attempt }])
    if (attempt === 1 && !before.some((one) => one.attempt === 1)) books.first.push({ token, place, event })
  }
}

/** Settles a lease in several calls, each of which may meet what somebody else has done meanwhile. */
async function settleSome(
  books: Books,
  {
    port,
    lease,
    random,
    isZombie,
  }: {
    readonly port: OutboxPort
    readonly lease: OutboxLease
    readonly random: () => number
    readonly isZombie: boolean
  },
): Promise<void> {
  const { token } = lease
  let rest = idsOf(lease)
  while (rest.length > 0) {
    const kind = random()
    // In order, as a consumer works: what comes first is settled first.
    const some = rest.slice(0, random() < 0.5 ? rest.length : 1 + Math.floor(random() * rest.length))
    const release = (ids: readonly string[]) => {
      for (const id of ids) if (books.holders.get(id)?.token === token) books.holders.delete(id)
    }
    const before = new Map(some.map((id) => [id, books.holders.get(id)]))
    try {
      if (kind < 0.65) {
        release(some)
        await port.ack({ token, eventIds: some })
        for (const id of some) books.acked.set(id, (books.acked.get(id) ?? 0) + 1)
        rest = rest.slice(some.length)
      } else if (kind < 0.75) {
        const askedAt = performance.now()
        await port.extend({ token, eventIds: some, leaseMs: LONG_MS })
        if (isZombie) for (const id of some) books.holders.set(id, { token, until: askedAt + LONG_MS })
      } else if (kind < 0.85) {
        // Everything from here on, so that nothing behind it overtakes.
        release(rest)
        await port.release({ token, eventIds: rest })
        for (const id of rest) books.released.add(`${id} ${token}`)
        rest = []
      } else if (kind < 0.95) {
        // Everything from here on, so that nothing behind it overtakes.
        release(rest)
        const retryAfterMs = Math.floor(random() * 20)
        const { deadLettered } = await port.nack({ token, eventIds: rest, reason: 'not now', retryAfterMs })
        for (const id of deadLettered) books.buried.add(id)
        rest = []
      } else {
        release(some)
        await port.deadLetter({ token, eventIds: some, reason: 'never' })
        for (const id of some) books.buried.add(id)
        rest = rest.slice(some.length)
      }
    } catch (error) {
      if (!isUserEngineError(error, 'STALE_LEASE')) throw error
      if (!isZombie)
        books.wrong.push(`a live lease ${token} was refused for ${error.data.eventIds.join(', ')}`)
      books.zombies += 1
      const stale = new Set(error.data.eventIds)
      for (const [id, holder] of before)
        if (holder?.token === token && !stale.has(id)) books.holders.set(id, holder)
      rest = rest.filter((id) => !stale.has(id))
    }
  }
}

/** What the outbox writes down about itself is true: nothing it will not look at is there. */
async function checkMarks(): Promise<readonly string[]> {
  const { rows } = await world.database.query(`
    SELECT user_engine.take_outbox_turn(),
      (SELECT array_agg(d.seq) FROM user_engine.outbox_deliveries d WHERE d.seq < s.lowest_delivery) AS below,
      (SELECT array_agg(d.seq) FROM user_engine.outbox_deliveries d WHERE d.due_at <= s.nothing_due_until) AS overlooked,
      (SELECT array_agg(DISTINCT d.aggregate) FROM user_engine.outbox_deliveries d WHERE d.due_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM user_engine.outbox_deliveries o WHERE o.aggregate = d.aggregate AND o.due_at IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM user_engine.outbox_leases l
          WHERE l.followed AND d.aggregate = ANY (user_engine.open_outbox_aggregates(l)))) AS forgotten,
      (SELECT array_agg(l.token) FROM user_engine.outbox_leases l
        WHERE l.open > 0 AND l.token <> s.token AND l.token <> ALL (s.live)) AS lost_leases,
      (SELECT array_agg(l.token) FROM user_engine.outbox_leases l
        WHERE l.open <> length(l.settled) - bit_count(l.settled)) AS miscounted
    FROM (SELECT * FROM user_engine.outbox_leases ORDER BY token DESC LIMIT 1) s`)
  return Object.entries(rows[0] ?? {}).flatMap(([name, found]) =>
    Array.isArray(found) && found.length > 0 ? [`${name}: ${found.join(', ')}`] : [],
  )
}

test('the books balance', { timeout: 120_000 + PATIENCE_MS + 2 * WRITING_MS }, async () => {
  const seed = Number(process.env['USER_ENGINE_OUTBOX_STRESS_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  const random = createRandom(seed)
  const aggregates = Array.from({ length: AGGREGATES }, (_, index) => `a${index}`)
  const books: Books = {
    committed: new Map(aggregates.map((aggregate) => [aggregate, []])),
    ...{
      aborted: new Set(),
      handedOver: new Map(),
      first: [],
      acked: new Map(),
      buried: new Set(),
      released: new Set(),
    },
    ...{ holders: new Map(), wrong: [], late: 0, zombies: 0 },
  }
  const stores = await Promise.all(
    Array.from({ length: INSTANCES }, () => world.open({ outbox: { maxAttempts: MAX_ATTEMPTS } })),
  )
  const ports = stores.map(({ outbox }) => outbox)
  const startedAt = performance.now()
  const isOver = () => {
    const passedMs = performance.now() - startedAt
    return passedMs > WRITING_MS && (hasHappened(books) || passedMs > WRITING_MS + PATIENCE_MS)
  }
  let writing = true
  const writers = Promise.all(
    Array.from({ length: WRITERS }, () => write(books, createRandom(random() * 2 ** 31), isOver)),
  ).finally(() => {
    writing = false
  })
  const consumers = ports.flatMap((port, instance) =>
    Array.from({ length: CONSUMERS_EACH }, (_, number) =>
      consume(books, {
        ports: [port, ...ports],
        name: `consumer ${instance}.${number}`,
        random: createRandom(random() * 2 ** 31),
        isOver: () => !writing,
      }),
    ),
  )
  const marks: string[] = []
  const checking = (async () => {
    while (writing) {
      marks.push(...(await checkMarks()))
      const { late } = await world.progress()
      if (late !== '{}') books.late += 1
      await delay(20)
    }
  })()
  await Promise.all([writers, checking, ...consumers])
  marks.push(...(await checkMarks()))
  const dead = new Set<string>()
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await (ports[0] as OutboxPort).listDeadLetters(
      cursor === undefined ? { limit: 500 } : { limit: 500, cursor },
    )
    for (const { event } of page.items) dead.add(event.id)
    cursor = page.nextCursor
  }
  const committed = [...books.committed.values()].flat()
  const settled = new Set([...books.acked.keys(), ...dead])
  const context = `seed ${seed}`
  expect(marks, context).toEqual([])
  expect(books.wrong, context).toEqual([])
  expect(
    committed.filter((id) => !settled.has(id)),
    `lost, ${context}`,
  ).toEqual([])
  expect(
    [...books.handedOver.keys()].filter((id) => books.aborted.has(id)),
    `of aborted work, ${context}`,
  ).toEqual([])
  expect(settled.size, `settled, and nothing else, ${context}`).toBe(committed.length)
  expect(
    [...books.acked].filter(([, times]) => times !== 1),
    `acknowledged twice, ${context}`,
  ).toEqual([])
  expect(
    [...books.buried].filter((id) => !dead.has(id)),
    `buried and not dead, ${context}`,
  ).toEqual([])
  const inOrder = books.first.toSorted((a, b) => a.token - b.token || a.place - b.place)
  for (const [aggregate, ids] of books.committed) {
    const seen = inOrder.filter(({ event }) => event.aggregateId === aggregate).map(({ event }) => event.id)
    expect(seen, `the order of ${aggregate}, ${context}`).toEqual(ids)
  }
  for (const [id, hands] of books.handedOver) {
    let next = 1
    for (const { token, attempt } of hands.toSorted((a, b) => a.token - b.token)) {
      expect(attempt, `the attempt of ${id} under ${token}, ${context}`).toBe(next)
      if (!books.released.has(`${id} ${token}`)) next += 1
    }
  }
  const leftovers = await world.database.query(`
    SELECT (SELECT count(*) FROM user_engine.outbox_deliveries)::integer AS deliveries,
      (SELECT count(*) FROM user_engine.outbox_leases WHERE open > 0)::integer AS leases`)
  expect(leftovers.rows).toEqual([{ deliveries: 0, leases: 0 }])
  expect(hasHappened(books), 'what it is about has happened').toBe(true)
  expect(dead.size).toBeGreaterThan(0)
})
