import type { OutboxEvent, OutboxState, TenantId } from '@user-engine/store-protocol'
import { createIdPositions } from './id-positions.ts'
import { compareNumbers, createOrderedMap, type OrderedMap } from './ordered-map.ts'
import { createPackedEvents, type EventHead, type PackedEvents } from './packed-events.ts'

/**
 * How far one committed event has come. There is one for each event that a claim, or a picture of the queue, has come to;
 * the event itself is in its log.
 */
export interface OutboxRow extends EventHead {
  readonly log: OutboxLog
  /** Its place in its log. */
  readonly position: number
  /** Known while the queue has to do with the event. */
  aggregate: Aggregate | null
  state: OutboxState
  /** How often it has been handed over. */
  attempts: number
  /** What keeps it from being handed over now. */
  hold: Hold | null
  /** The claim whose token holds the event, also after its time has run out, until another claim takes it. */
  lease: Lease | null
  /** Where the event is in the dead letters. */
  death: Death | null
  /** The unsettled events of the same aggregate right before and after it. */
  previous: OutboxRow | null
  next: OutboxRow | null
}

/** Never changed: an ordered map may keep a key for its own use after the entry is gone. */
export interface Hold {
  /** Under a live lease, or waiting for its retry. */
  readonly because: 'leased' | 'retry'
  /** When it ends, by the backend's clock. */
  readonly until: number
  /** Of the event that is held. */
  readonly sequence: number
}

/** The order in which holds end. */
export function compareHolds(left: Hold, right: Hold): number {
  return left.until - right.until || left.sequence - right.sequence
}

/** The unsettled events of one (aggregateType, aggregateId), in commit order, across all tenants [OBX-05]. */
export interface Aggregate {
  readonly type: string
  readonly id: string
  head: OutboxRow | null
  tail: OutboxRow | null
  size: number
  /** How many of them are under a live lease. */
  leased: number
  /** Where the queue keeps the aggregate, and under which sequence. */
  shelf: OrderedMap<number, OutboxRow> | null
  shelvedAt: number
}

/** What one claim handed over and is not settled yet. */
export interface Lease {
  readonly token: number
  readonly rows: Map<string, OutboxRow>
}

export interface Death {
  readonly reason: string
  readonly at: number
  /** Its place among all deaths. */
  readonly number: number
}

/** The events of one tenant or of the platform, by commit order, and those in each state. */
export interface OutboxLog {
  readonly size: number
  /** The place of an event in the commit order of all events; `undefined` when it is not here. */
  sequenceOf(id: string): number | undefined
  /** Adds an event that is committed at `now` by the backend's clock, as the `sequence`th of all events. */
  append(event: OutboxEvent, committed: { readonly sequence: number; readonly now: number }): void
  /** The event of a row, made anew. */
  eventOf(row: OutboxRow): OutboxEvent
  /** How long ago an event was committed, in whole milliseconds. */
  ageOf(row: OutboxRow, now: number): number
  /** Makes the row of the next event, in commit order, that has none. Until then it stands at the end of those pending. */
  admit(): OutboxRow
  /** Puts an event into another state. */
  move(row: OutboxRow, state: OutboxState): void
  /** The events after a sequence, in commit order; in one state, or in all. */
  after(sequence: number, state?: OutboxState): Iterable<OutboxRow>
}

export function createOutboxLog(tenantId: TenantId | null): OutboxLog {
  return new SortedOutboxLog(tenantId)
}

class SortedOutboxLog implements OutboxLog {
  readonly #events: PackedEvents
  /** When each was committed. A number with a fraction among other fields would be an object of its own. */
  readonly #committedAt: number[] = []
  /** The rows of those that have one: the first ones. */
  readonly #rows: OutboxRow[] = []
  readonly #positions = createIdPositions((position) => this.#events.idAt(position))
  readonly #byState = {
    pending: createOrderedMap<number, OutboxRow>(compareNumbers),
    delivered: createOrderedMap<number, OutboxRow>(compareNumbers),
    dead: createOrderedMap<number, OutboxRow>(compareNumbers),
  }

  constructor(tenantId: TenantId | null) {
    this.#events = createPackedEvents(tenantId)
  }

  get size(): number {
    return this.#events.length
  }

  sequenceOf(id: string): number | undefined {
    const position = this.#positions.find(id)
    return position === undefined ? undefined : this.#events.sequenceAt(position)
  }

  append(event: OutboxEvent, { sequence, now }: { readonly sequence: number; readonly now: number }): void {
    this.#events.append(event, sequence)
    this.#committedAt.push(now)
    this.#positions.append(event.id)
  }

  eventOf({ position }: OutboxRow): OutboxEvent {
    return this.#events.at(position)
  }

  ageOf({ position }: OutboxRow, now: number): number {
    return Math.max(0, Math.floor(now - (this.#committedAt[position] as number)))
  }

  admit(): OutboxRow {
    const row = this.#newRow(this.#rows.length)
    this.#rows.push(row)
    this.#byState.pending.set(row.sequence, row)
    return row
  }

  move(row: OutboxRow, state: OutboxState): void {
    this.#byState[row.state].delete(row.sequence)
    row.state = state
    this.#byState[state].set(row.sequence, row)
  }

  *after(sequence: number, state?: OutboxState): Iterable<OutboxRow> {
    if (state !== undefined) {
      const walk = this.#byState[state].walk({ key: sequence, inclusive: false })
      while (walk.next()) yield walk.value
      if (state !== 'pending') return
    }
    const next = this.#firstAfter(sequence)
    const from = state === undefined ? next : Math.max(next, this.#rows.length)
    for (let at = from; at < this.#events.length; at++) yield this.#rows[at] ?? this.#newRow(at)
  }

  #newRow(position: number): OutboxRow {
    const { id, sequence, aggregateType, aggregateId } = this.#events.headAt(position)
    return {
      id,
      aggregateType,
      aggregateId,
      log: this,
      position,
      sequence,
      aggregate: null,
      state: 'pending',
      attempts: 0,
      hold: null,
      lease: null,
      death: null,
      previous: null,
      next: null,
    }
  }

  #firstAfter(sequence: number): number {
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#events.sequenceAt(middle) <= sequence) low = middle + 1
      else high = middle
    }
    return low
  }
}
