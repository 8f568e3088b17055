/**
 * The hand-over of events, across all tenants.
 *
 * Every unsettled event hangs in the chain of its aggregate, in commit order. An aggregate stands on one of three
 * shelves, under the sequence of its first event: `ready` when that event may be handed over, `blocked` when it is
 * held (leased, or waiting for a retry) and keeps others waiting, `held` when it is held and nothing waits behind it.
 * `holds` knows when each hold ends. So a claim touches the events it hands over and nothing else [OBX-08].
 * New events only stand in line: commands write them all the time, and a claim makes rows of as many as it needs.
 *
 *   pending --claim--> leased --ack--> delivered
 *      ^                 |--nack--> waiting for its retry --time--> pending
 *      |                 |--release--> pending, with the attempt not counted
 *      |                 |--time--> pending, and the old token still good until another claim
 *      '----replay---- dead <--deadLetter, or nack or a claim with the attempts used up
 */
import type { OutboxEvent, OutboxStats } from '@user-engine/store-protocol'
import { createAggregates, keptBack } from './aggregates.ts'
import { createDeadLetters } from './dead-letters.ts'
import { createFifoQueue } from './fifo-queue.ts'
import type { Journal } from './journal.ts'
import { compareNumbers, createOrderedMap, type OrderedMap } from './ordered-map.ts'
import {
  type Aggregate,
  compareHolds,
  type Hold,
  type Lease,
  type OutboxLog,
  type OutboxRow,
} from './outbox-log.ts'

export interface ClaimLimits {
  readonly limit: number
  readonly leaseMs: number
  readonly maxAttempts: number
}

export interface OutboxQueue {
  /** The place of the newest event in the commit order of all events; 0 before the first. */
  readonly lastSequence: number
  append(event: OutboxEvent, log: OutboxLog): void
  claim(limits: ClaimLimits): {
    readonly token: number
    readonly expiresAt: number
    readonly rows: readonly OutboxRow[]
  }
  /** The events that a token holds, or the ids that it does not hold. */
  held(
    token: number,
    eventIds: readonly string[],
  ): { readonly rows: readonly OutboxRow[]; readonly stale: readonly string[] }
  acknowledge(row: OutboxRow): void
  /** Lets the lease of these events run for `leaseMs` from now, and returns until when. */
  extend(rows: readonly OutboxRow[], leaseMs: number): number
  retryLater(row: OutboxRow, delayMs: number): void
  /** Puts an event back to where it was before its claim. */
  release(row: OutboxRow): void
  bury(row: OutboxRow, reason: string): void
  /** The dead letters after the n-th death, the earliest first. */
  dead(after: number): Iterable<OutboxRow>
  /** Makes the earliest dead letter with this event id pending again; false when there is none. */
  revive(eventId: string): boolean
  stats(): OutboxStats
  /** How long the oldest event that could be handed over now has existed, in milliseconds; `null` when there is none. */
  oldestDueMs(): number | null
}

/** How many blocked aggregates `stats` names. */
const MAX_BLOCKED = 20

export function createOutboxQueue(options: {
  readonly now: () => number
  readonly journal: Journal
}): OutboxQueue {
  return new ShelvedQueue(options.now, options.journal)
}

class ShelvedQueue implements OutboxQueue {
  readonly #now: () => number
  readonly #journal: Journal
  /** The logs of the events that have been appended and hang in no chain yet. They come after all that do. */
  readonly #arrivals = createFifoQueue<OutboxLog>()
  readonly #aggregates = createAggregates()
  readonly #ready = createOrderedMap<number, OutboxRow>(compareNumbers)
  readonly #held = createOrderedMap<number, OutboxRow>(compareNumbers)
  readonly #blocked = createOrderedMap<number, OutboxRow>(compareNumbers)
  readonly #holds = createOrderedMap<Hold, OutboxRow>(compareHolds)
  readonly #leases = new Map<number, Lease>()
  readonly #dead = createDeadLetters()
  #lastSequence = 0
  #lastToken = 0
  #unsettled = 0
  #leased = 0

  constructor(now: () => number, journal: Journal) {
    this.#now = now
    this.#journal = journal
  }

  get lastSequence(): number {
    return this.#lastSequence
  }

  append(event: OutboxEvent, log: OutboxLog): void {
    log.append(event, { sequence: ++this.#lastSequence, now: this.#now() })
    this.#arrivals.put(log)
  }

  claim({ limit, leaseMs, maxAttempts }: ClaimLimits) {
    const now = this.#now()
    this.#endHolds(now)
    const lease: Lease = { token: ++this.#lastToken, rows: new Map() }
    const touched = new Set<Aggregate>()
    const rows: OutboxRow[] = []
    while (rows.length < limit) {
      const row = this.#ready.first()
      if (row === undefined) {
        const arrival = this.#takeIn()
        if (arrival === undefined) break
        // It follows what this claim has handed over of its aggregate.
        if (arrival.previous?.lease === lease) this.#shelve(this.#aggregateOf(arrival), this.#ready, arrival)
        continue
      }
      const { next } = row
      const aggregate = this.#aggregateOf(row)
      // Two tenants may use one event id; a token and an id name one event only, so the second waits for another claim.
      const isAmbiguous = lease.rows.has(row.id)
      this.#unshelve(aggregate)
      touched.add(aggregate)
      if (isAmbiguous) continue
      if (row.attempts >= maxAttempts) {
        this.bury(row, 'lease expired')
        continue
      }
      this.#handOver(row, lease, now + leaseMs)
      rows.push(row)
      // Later events of the aggregate follow in the same batch, as long as nothing holds them.
      if (next !== null && next.hold === null) this.#shelve(aggregate, this.#ready, next)
    }
    for (const aggregate of touched) this.#place(aggregate)
    if (rows.length > 0) this.#leases.set(lease.token, lease)
    return { token: lease.token, expiresAt: now + leaseMs, rows }
  }

  held(token: number, eventIds: readonly string[]) {
    const lease = this.#leases.get(token)
    const rows: OutboxRow[] = []
    const stale: string[] = []
    for (const id of new Set(eventIds)) {
      const row = lease?.rows.get(id)
      if (row === undefined) stale.push(id)
      else rows.push(row)
    }
    return { rows, stale }
  }

  acknowledge(row: OutboxRow): void {
    this.#note(row)
    this.#letGo(row)
    row.log.move(row, 'delivered')
    this.#unlink(row)
  }

  extend(rows: readonly OutboxRow[], leaseMs: number): number {
    const until = this.#now() + leaseMs
    for (const row of rows) {
      this.#endHold(row)
      this.#hold(row, 'leased', until)
      this.#place(this.#aggregateOf(row))
    }
    return until
  }

  retryLater(row: OutboxRow, delayMs: number): void {
    this.#letGo(row)
    if (delayMs > 0) this.#hold(row, 'retry', this.#now() + delayMs)
    this.#place(this.#aggregateOf(row))
  }

  release(row: OutboxRow): void {
    this.#note(row)
    this.#letGo(row)
    row.attempts--
    this.#place(this.#aggregateOf(row))
  }

  bury(row: OutboxRow, reason: string): void {
    this.#note(row)
    this.#letGo(row)
    this.#dead.add(row, { reason, at: this.#now() })
    row.log.move(row, 'dead')
    this.#unlink(row)
  }

  dead(after: number): Iterable<OutboxRow> {
    return this.#dead.after(after)
  }

  revive(eventId: string): boolean {
    const row = this.#dead.take(eventId)
    if (row === undefined) return false
    this.#note(row)
    row.attempts = 0
    row.log.move(row, 'pending')
    this.#link(row)
    return true
  }

  stats(): OutboxStats {
    const now = this.#now()
    this.#endHolds(now)
    while (this.#takeIn() !== undefined);
    let oldest: OutboxRow | null = null
    for (const shelf of [this.#ready, this.#held, this.#blocked]) {
      const first = shelf.first()
      if (first !== undefined && (oldest === null || first.sequence < oldest.sequence)) oldest = first
    }
    const blocked: OutboxStats['blocked'][number][] = []
    const walk = this.#blocked.walk()
    while (blocked.length < MAX_BLOCKED && walk.next()) {
      const { hold } = walk.value
      const aggregate = this.#aggregateOf(walk.value)
      blocked.push({
        aggregateType: aggregate.type,
        aggregateId: aggregate.id,
        because: hold?.because === 'leased' ? 'leased' : 'waiting-for-retry',
        waiting: keptBack(aggregate),
      })
    }
    return {
      pending: this.#unsettled - this.#leased,
      leased: this.#leased,
      dead: this.#dead.size,
      oldestAgeMs: oldest === null ? null : oldest.log.ageOf(oldest, now),
      blocked,
    }
  }

  oldestDueMs(): number | null {
    const now = this.#now()
    this.#endHolds(now)
    while (this.#ready.size === 0 && this.#takeIn() !== undefined);
    const row = this.#ready.first()
    return row === undefined ? null : row.log.ageOf(row, now)
  }

  /** Hangs the event in that has stood in line for longest. */
  #takeIn(): OutboxRow | undefined {
    const row = this.#arrivals.take()?.admit()
    if (row === undefined) return undefined
    this.#link(row)
    return row
  }

  #aggregateOf(row: OutboxRow): Aggregate {
    row.aggregate ??= this.#aggregates.find(row.aggregateType, row.aggregateId)
    return row.aggregate
  }

  #handOver(row: OutboxRow, lease: Lease, until: number): void {
    this.#note(row)
    this.#dropLease(row)
    row.lease = lease
    lease.rows.set(row.id, row)
    row.attempts++
    this.#hold(row, 'leased', until)
  }

  /** Snapshots that are open still show the event as it is now. */
  #note(row: OutboxRow): void {
    this.#journal.record({ row, state: row.state, attempts: row.attempts })
  }

  #letGo(row: OutboxRow): void {
    this.#endHold(row)
    this.#dropLease(row)
  }

  #dropLease(row: OutboxRow): void {
    const { lease } = row
    if (lease === null) return
    row.lease = null
    lease.rows.delete(row.id)
    if (lease.rows.size === 0) this.#leases.delete(lease.token)
  }

  #hold(row: OutboxRow, because: Hold['because'], until: number): void {
    row.hold = { because, until, sequence: row.sequence }
    this.#holds.set(row.hold, row)
    if (because === 'leased') {
      this.#aggregateOf(row).leased++
      this.#leased++
    }
  }

  #endHold(row: OutboxRow): void {
    const { hold } = row
    if (hold === null) return
    this.#holds.delete(hold)
    if (hold.because === 'leased') {
      this.#aggregateOf(row).leased--
      this.#leased--
    }
    row.hold = null
  }

  #endHolds(now: number): void {
    for (let row = this.#holds.first(); row !== undefined; row = this.#holds.first()) {
      if (row.hold !== null && row.hold.until > now) return
      this.#endHold(row)
      this.#place(this.#aggregateOf(row))
    }
  }

  /** Hangs an event into the chain of its aggregate; all but replayed ones go to the end. */
  #link(row: OutboxRow): void {
    const aggregate = this.#aggregateOf(row)
    let before = aggregate.tail
    if (before !== null && before.sequence > row.sequence) {
      // A replayed event is older than nearly all that wait: look from the front.
      before = null
      let later = aggregate.head
      while (later !== null && later.sequence < row.sequence) {
        before = later
        later = later.next
      }
    }
    row.previous = before
    row.next = before === null ? aggregate.head : before.next
    if (row.previous === null) aggregate.head = row
    else row.previous.next = row
    if (row.next === null) aggregate.tail = row
    else row.next.previous = row
    aggregate.size++
    this.#unsettled++
    // Behind a first event that is ready, a new one changes nothing about where the aggregate stands.
    if (aggregate.head === row || aggregate.shelf !== this.#ready) this.#place(aggregate)
  }

  #unlink(row: OutboxRow): void {
    const { previous, next } = row
    const aggregate = this.#aggregateOf(row)
    if (previous === null) aggregate.head = next
    else previous.next = next
    if (next === null) aggregate.tail = previous
    else next.previous = previous
    row.previous = null
    row.next = null
    // Settled events would keep aggregates alive that the queue has forgotten.
    row.aggregate = null
    aggregate.size--
    this.#unsettled--
    this.#place(aggregate)
    if (aggregate.size === 0) this.#aggregates.forget(aggregate)
  }

  #place(aggregate: Aggregate): void {
    const { head } = aggregate
    if (head === null) this.#unshelve(aggregate)
    else if (head.hold === null) this.#shelve(aggregate, this.#ready, head)
    else this.#shelve(aggregate, keptBack(aggregate) > 0 ? this.#blocked : this.#held, head)
  }

  #shelve(aggregate: Aggregate, shelf: OrderedMap<number, OutboxRow>, row: OutboxRow): void {
    if (aggregate.shelf === shelf && aggregate.shelvedAt === row.sequence) return
    this.#unshelve(aggregate)
    shelf.set(row.sequence, row)
    aggregate.shelf = shelf
    aggregate.shelvedAt = row.sequence
  }

  #unshelve(aggregate: Aggregate): void {
    aggregate.shelf?.delete(aggregate.shelvedAt)
    aggregate.shelf = null
  }
}
