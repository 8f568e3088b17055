import type { AuditFilter, AuditRecord } from '@user-engine/store-protocol'
import { compareAscii, createOrderedMap } from './ordered-map.ts'

/** The audit records of one tenant or of the platform, by commit order, indexed for every filter but time. */
export interface AuditLog {
  readonly length: number
  at(position: number): AuditRecord
  positionOf(id: string): number | undefined
  append(record: AuditRecord): void
  /** The positions to look at for a filter, or `null` for all of them. Records there may still not match. */
  candidates(filter: AuditFilter): readonly number[] | null
  /** Whether no record near this position can match the time filter; if so, how far that is known to hold. */
  barren(position: number, filter: AuditFilter): { readonly first: number; readonly last: number } | null
}

export function createAuditLog(): AuditLog {
  return new IndexedAuditLog()
}

/** Whether a record matches every part of a filter. */
export function matchesFilter(record: AuditRecord, filter: AuditFilter): boolean {
  const { actor, target, action, outcome, from, until } = filter
  return (
    (actor === undefined || (record.actor.id === actor.id && record.actor.type === actor.type)) &&
    (target === undefined || (record.target.id === target.id && record.target.type === target.type)) &&
    (action === undefined || record.action === action) &&
    (outcome === undefined || record.outcome === outcome) &&
    // One spelling per instant: text order is time order [VAL-04].
    (from === undefined || record.occurredAt >= from) &&
    (until === undefined || record.occurredAt < until)
  )
}

/** How many records share one time span. */
const SPAN_LENGTH = 256

const NOWHERE: readonly number[] = []

interface Span {
  earliest: string
  latest: string
}

type Positions = Map<string, number[]>

class IndexedAuditLog implements AuditLog {
  readonly #records: AuditRecord[] = []
  /** Ordered, because new ids follow the old ones: in a tree they meet in the same few nodes, in a hash table nowhere. */
  readonly #positions = createOrderedMap<string, number>(compareAscii)
  readonly #byActor = new Map<string, Positions>()
  readonly #byTarget = new Map<string, Positions>()
  readonly #byAction: Positions = new Map()
  readonly #byOutcome: Positions = new Map()
  /** When the records of each run of {@link SPAN_LENGTH} occurred: time follows the commit order but for small deviations. */
  readonly #spans: Span[] = []

  get length(): number {
    return this.#records.length
  }

  at(position: number): AuditRecord {
    return this.#records[position] as AuditRecord
  }

  positionOf(id: string): number | undefined {
    return this.#positions.get(id)
  }

  append(record: AuditRecord): void {
    const position = this.#records.length
    this.#records.push(record)
    this.#positions.set(record.id, position)
    addPosition(positionsOf(this.#byActor, record.actor.type), record.actor.id, position)
    addPosition(positionsOf(this.#byTarget, record.target.type), record.target.id, position)
    addPosition(this.#byAction, record.action, position)
    addPosition(this.#byOutcome, record.outcome, position)
    this.#extendSpan(position, record.occurredAt)
  }

  candidates({ actor, target, action, outcome }: AuditFilter): readonly number[] | null {
    let fewest: readonly number[] | null = null
    const consider = (positions: readonly number[] = NOWHERE) => {
      if (fewest === null || positions.length < fewest.length) fewest = positions
    }
    if (actor !== undefined) consider(this.#byActor.get(actor.type)?.get(actor.id))
    if (target !== undefined) consider(this.#byTarget.get(target.type)?.get(target.id))
    if (action !== undefined) consider(this.#byAction.get(action))
    if (outcome !== undefined) consider(this.#byOutcome.get(outcome))
    return fewest
  }

  barren(position: number, { from, until }: AuditFilter): { first: number; last: number } | null {
    const index = Math.floor(position / SPAN_LENGTH)
    const span = this.#spans[index]
    if (span === undefined) return null
    const isOutside =
      (from !== undefined && span.latest < from) || (until !== undefined && span.earliest >= until)
    return isOutside ? { first: index * SPAN_LENGTH, last: (index + 1) * SPAN_LENGTH - 1 } : null
  }

  #extendSpan(position: number, occurredAt: string): void {
    if (position % SPAN_LENGTH === 0) {
      this.#spans.push({ earliest: occurredAt, latest: occurredAt })
      return
    }
    const span = this.#spans[this.#spans.length - 1] as Span
    if (occurredAt < span.earliest) span.earliest = occurredAt
    if (occurredAt > span.latest) span.latest = occurredAt
  }
}

function positionsOf(byType: Map<string, Positions>, type: string): Positions {
  let positions = byType.get(type)
  if (positions === undefined) {
    positions = new Map()
    byType.set(type, positions)
  }
  return positions
}

function addPosition(positions: Positions, key: string, position: number): void {
  const known = positions.get(key)
  if (known === undefined) positions.set(key, [position])
  else known.push(position)
}
