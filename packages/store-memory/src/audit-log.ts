import type { AuditFilter, AuditRecord } from '@user-engine/store-protocol'
import { createBranches, MAIN_BRANCH } from './branches.ts'
import { createHashTable } from './hash-table.ts'
import { createIdPositions } from './id-positions.ts'
import { type AuditField, createPackedAuditRecords, type PackedAuditRecords } from './packed-audit-records.ts'

/** The audit records of one tenant or of the platform, by commit order, indexed for every filter. */
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

class IndexedAuditLog implements AuditLog {
  readonly #records = createPackedAuditRecords()
  readonly #positions = createIdPositions((position) => this.#records.idAt(position))
  readonly #byActor = new PositionIndex(this.#records, { type: 'actorType', key: 'actorId' })
  readonly #byTarget = new PositionIndex(this.#records, { type: 'targetType', key: 'targetId' })
  readonly #byAction = new PositionIndex(this.#records, { key: 'action' })
  readonly #byOutcome = new PositionIndex(this.#records, { key: 'outcome' })
  readonly #spans = new TimeSpans(this.#records)

  get length(): number {
    return this.#records.length
  }

  at(position: number): AuditRecord {
    return this.#records.at(position)
  }

  positionOf(id: string): number | undefined {
    return this.#positions.find(id)
  }

  append(record: AuditRecord): void {
    this.#records.append(record)
    this.#positions.append(record.id)
  }

  candidates({ actor, target, action, outcome }: AuditFilter): readonly number[] | null {
    let fewest: readonly number[] | null = null
    const consider = (positions: readonly number[]) => {
      if (fewest === null || positions.length < fewest.length) fewest = positions
    }
    if (actor !== undefined) consider(this.#byActor.find(actor.id, actor.type))
    if (target !== undefined) consider(this.#byTarget.find(target.id, target.type))
    if (action !== undefined) consider(this.#byAction.find(action))
    if (outcome !== undefined) consider(this.#byOutcome.find(outcome))
    return fewest
  }

  barren(position: number, { from, until }: AuditFilter): { first: number; last: number } | null {
    const span = this.#spans.at(position)
    if (span === null) return null
    const isOutside =
      (from !== undefined && span.latest < from) || (until !== undefined && span.earliest >= until)
    if (!isOutside) return null
    const first = position - (position % SPAN_LENGTH)
    return { first, last: first + SPAN_LENGTH - 1 }
  }
}

/** The fields that an index of positions goes by: the key, and for what has one, its type. */
interface IndexedFields {
  readonly type?: AuditField
  readonly key: AuditField
}

/**
 * Finds the records with one key. A log is written far more often than it is filtered: what was appended is taken in by
 * the next filter that needs it, once, and no command pays for it.
 */
class PositionIndex {
  readonly #records: PackedAuditRecords
  readonly #fields: IndexedFields
  readonly #types = createBranches(() => createHashTable<number[]>())
  #taken = 0

  constructor(records: PackedAuditRecords, fields: IndexedFields) {
    this.#records = records
    this.#fields = fields
  }

  find(key: string, type = MAIN_BRANCH): readonly number[] {
    while (this.#taken < this.#records.length) this.#take(this.#taken++)
    return this.#types.find(type)?.get(key) ?? NOWHERE
  }

  #take(position: number): void {
    const { type, key } = this.#fields
    const keys = this.#types.over(type === undefined ? MAIN_BRANCH : this.#records.fieldAt(position, type))
    const taken = this.#records.fieldAt(position, key)
    const positions = keys.get(taken)
    if (positions === undefined) keys.set(taken, [position])
    else positions.push(position)
  }
}

interface Span {
  readonly earliest: string
  readonly latest: string
}

/** When the records of each full run of {@link SPAN_LENGTH} occurred: time follows the commit order but for small deviations. */
class TimeSpans {
  readonly #records: PackedAuditRecords
  readonly #spans: Span[] = []

  constructor(records: PackedAuditRecords) {
    this.#records = records
  }

  /** The span of a position; `null` while it is not full. */
  at(position: number): Span | null {
    for (let end = this.#nextEnd(); end <= this.#records.length; end = this.#nextEnd()) {
      const positions = Array.from({ length: SPAN_LENGTH }, (_, index) => end - SPAN_LENGTH + index)
      const instants = positions.map((position) => this.#records.at(position).occurredAt).sort()
      this.#spans.push({ earliest: instants[0] as string, latest: instants.at(-1) as string })
    }
    return this.#spans[Math.floor(position / SPAN_LENGTH)] ?? null
  }

  #nextEnd(): number {
    return (this.#spans.length + 1) * SPAN_LENGTH
  }
}
