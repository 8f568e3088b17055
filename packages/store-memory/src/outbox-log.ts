import type { OutboxEvent, OutboxState, TenantId } from '@user-engine/store-protocol'
import { createIdPositions } from './id-positions.ts'
import { compareNumbers, createOrderedMap, type OrderedMap } from './ordered-map.ts'

/**
 * One committed event and how far it has come, in one object: there are as many as there were commits. What is not of
 * the event itself belongs to the delivery queue.
 */
export interface OutboxRow {
  readonly id: OutboxEvent['id']
  readonly aggregateType: OutboxEvent['aggregateType']
  readonly aggregateId: OutboxEvent['aggregateId']
  readonly type: OutboxEvent['type']
  readonly schemaVersion: OutboxEvent['schemaVersion']
  readonly payload: OutboxEvent['payload']
  readonly occurredAt: OutboxEvent['occurredAt']
  readonly correlationId: OutboxEvent['correlationId']
  readonly causationId: OutboxEvent['causationId']
  readonly log: OutboxLog
  /** Its place in the commit order of all events. */
  readonly sequence: number
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

/** The event of a row, made anew. */
export function eventOf(row: OutboxRow): OutboxEvent {
  return Object.freeze({
    id: row.id,
    tenantId: row.log.tenantId,
    aggregateType: row.aggregateType,
    aggregateId: row.aggregateId,
    type: row.type,
    schemaVersion: row.schemaVersion,
    payload: row.payload,
    occurredAt: row.occurredAt,
    correlationId: row.correlationId,
    causationId: row.causationId,
  })
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
  readonly tenantId: TenantId | null
  readonly size: number
  get(id: string): OutboxRow | undefined
  /** Adds an event that is committed now, by the backend's clock. */
  append(row: OutboxRow, now: number): void
  /** How long ago an event was committed, in whole milliseconds. */
  ageOf(row: OutboxRow, now: number): number
  /** Puts the next event, in commit order, into the list of its state. Until then it stands at the end of those pending. */
  admit(row: OutboxRow): void
  /** Puts an event into another state. */
  move(row: OutboxRow, state: OutboxState): void
  /** The events after a sequence, in commit order; in one state, or in all. */
  after(sequence: number, state?: OutboxState): Iterable<OutboxRow>
}

export function createOutboxLog(tenantId: TenantId | null): OutboxLog {
  return new SortedOutboxLog(tenantId)
}

class SortedOutboxLog implements OutboxLog {
  readonly tenantId: TenantId | null
  readonly #rows: OutboxRow[] = []
  /** When each was committed. A number with a fraction within an object would be one more object. */
  readonly #enqueuedAt: number[] = []
  #admitted = 0
  readonly #positions = createIdPositions((position) => (this.#rows[position] as OutboxRow).id)
  readonly #byState = {
    pending: createOrderedMap<number, OutboxRow>(compareNumbers),
    delivered: createOrderedMap<number, OutboxRow>(compareNumbers),
    dead: createOrderedMap<number, OutboxRow>(compareNumbers),
  }

  constructor(tenantId: TenantId | null) {
    this.tenantId = tenantId
  }

  get size(): number {
    return this.#rows.length
  }

  get(id: string): OutboxRow | undefined {
    const position = this.#positions.find(id)
    return position === undefined ? undefined : this.#rows[position]
  }

  append(row: OutboxRow, now: number): void {
    this.#rows.push(row)
    this.#enqueuedAt.push(now)
    this.#positions.append(row.id)
  }

  ageOf({ sequence }: OutboxRow, now: number): number {
    const enqueuedAt = this.#enqueuedAt[this.#firstAfter(sequence - 1)] as number
    return Math.max(0, Math.floor(now - enqueuedAt))
  }

  admit(row: OutboxRow): void {
    this.#admitted++
    this.#byState[row.state].set(row.sequence, row)
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
    const from = state === undefined ? next : Math.max(next, this.#admitted)
    for (let at = from; at < this.#rows.length; at++) yield this.#rows[at] as OutboxRow
  }

  #firstAfter(sequence: number): number {
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#rows[middle] as OutboxRow).sequence <= sequence) low = middle + 1
      else high = middle
    }
    return low
  }
}
