import type { Aggregate } from './outbox-log.ts'

/** The aggregates that have events in the delivery queue. */
export interface Aggregates {
  /** The aggregate of this type and id; a new one where there is none. */
  find(type: string, id: string): Aggregate
  /** Lets go of one that has no events any more. */
  forget(aggregate: Aggregate): void
}

export function createAggregates(): Aggregates {
  return new TypedAggregates()
}

class TypedAggregates implements Aggregates {
  readonly #byType = new Map<string, Map<string, Aggregate>>()

  find(type: string, id: string): Aggregate {
    let ofType = this.#byType.get(type)
    if (ofType === undefined) {
      ofType = new Map()
      this.#byType.set(type, ofType)
    }
    let aggregate = ofType.get(id)
    if (aggregate === undefined) {
      aggregate = { type, id, head: null, tail: null, size: 0, leased: 0, shelf: null, shelvedAt: 0 }
      ofType.set(id, aggregate)
    }
    return aggregate
  }

  forget({ type, id }: Aggregate): void {
    const ofType = this.#byType.get(type)
    ofType?.delete(id)
    if (ofType?.size === 0) this.#byType.delete(type)
  }
}

/** How many events wait behind a first one that is held, without being handed over themselves. */
export function keptBack({ head, size, leased }: Aggregate): number {
  return size - leased - (head?.hold?.because === 'leased' ? 0 : 1)
}
