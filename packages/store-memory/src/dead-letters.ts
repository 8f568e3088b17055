import { compareNumbers, createOrderedMap } from './ordered-map.ts'
import type { OutboxRow } from './outbox-log.ts'

/** The events that nobody tries to hand over any more, in the order in which they died. */
export interface DeadLetters {
  readonly size: number
  add(row: OutboxRow, death: { readonly reason: string; readonly at: number }): void
  /** Takes the earliest one with this event id out; `undefined` when there is none. Tenants may use the same ids. */
  take(eventId: string): OutboxRow | undefined
  /** Those after the n-th death, the earliest first. */
  after(number: number): Iterable<OutboxRow>
}

export function createDeadLetters(): DeadLetters {
  return new NumberedLetters()
}

class NumberedLetters implements DeadLetters {
  readonly #rows = createOrderedMap<number, OutboxRow>(compareNumbers)
  readonly #byId = new Map<string, Set<OutboxRow>>()
  #lastDeath = 0

  get size(): number {
    return this.#rows.size
  }

  add(row: OutboxRow, { reason, at }: { readonly reason: string; readonly at: number }): void {
    row.death = { reason, at, number: ++this.#lastDeath }
    this.#rows.set(row.death.number, row)
    const namesakes = this.#byId.get(row.id)
    if (namesakes === undefined) this.#byId.set(row.id, new Set([row]))
    else namesakes.add(row)
  }

  take(eventId: string): OutboxRow | undefined {
    const namesakes = this.#byId.get(eventId)
    const [row] = namesakes ?? []
    if (namesakes === undefined || row?.death == null) return undefined
    namesakes.delete(row)
    if (namesakes.size === 0) this.#byId.delete(eventId)
    this.#rows.delete(row.death.number)
    row.death = null
    return row
  }

  *after(number: number): Iterable<OutboxRow> {
    const walk = this.#rows.walk({ key: number, inclusive: false })
    while (walk.next()) yield walk.value
  }
}
