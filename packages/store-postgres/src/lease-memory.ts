// Which events went straight under which token, and in which place of the lease. A store that remembers settles them by
// their places; any other store reads the log for them, and so does this one for what it has forgotten.
import type { Id } from '@user-engine/store-protocol'

/** Events of one lease by their places: a bit for each place, and how many are set. */
export interface LeasePlaces {
  readonly mask: string
  readonly count: number
}

export interface LeaseMemory {
  /** Keeps the events of a new lease, in their order. */
  remember(token: number, eventIds: readonly Id[]): void
  /** Where these events are; `null` when one of them is not known to have gone straight under this token. */
  placesOf(token: number, eventIds: readonly Id[]): LeasePlaces | null
  /** Forgets a lease, for example because its places do not tell the truth any more. */
  forget(token: number): void
  /** Forgets the lease when as many of its events have been settled as it had. */
  settled(token: number, count: number): void
}

/** Leases that never end here, because their events are settled elsewhere or lapse, make room for newer ones. */
const MAX_LEASES = 256

interface RememberedLease {
  readonly eventIds: readonly Id[]
  open: number
  /** Made when a part of the lease is asked for. Two tenants may have events with one id. */
  places: Map<Id, readonly number[]> | null
}

export function createLeaseMemory(): LeaseMemory {
  return new BoundedMemory()
}

class BoundedMemory implements LeaseMemory {
  readonly #leases = new Map<number, RememberedLease>()

  remember(token: number, eventIds: readonly Id[]): void {
    if (eventIds.length === 0) return
    this.#leases.set(token, { eventIds, open: eventIds.length, places: null })
    if (this.#leases.size <= MAX_LEASES) return
    const [oldest] = this.#leases.keys()
    if (oldest !== undefined) this.#leases.delete(oldest)
  }

  placesOf(token: number, eventIds: readonly Id[]): LeasePlaces | null {
    const lease = this.#leases.get(token)
    if (lease === undefined) return null
    const size = lease.eventIds.length
    if (eventIds.length === size && eventIds.every((id, place) => id === lease.eventIds[place]))
      return { mask: '1'.repeat(size), count: size }
    lease.places ??= placesById(lease.eventIds)
    const bits = new Uint8Array(size)
    for (const id of eventIds) {
      const places = lease.places.get(id)
      if (places === undefined) return null
      for (const place of places) bits[place] = 1
    }
    return { mask: bits.join(''), count: bits.reduce((count, bit) => count + bit, 0) }
  }

  forget(token: number): void {
    this.#leases.delete(token)
  }

  settled(token: number, count: number): void {
    const lease = this.#leases.get(token)
    if (lease === undefined) return
    lease.open -= count
    if (lease.open <= 0) this.#leases.delete(token)
  }
}

function placesById(eventIds: readonly Id[]): Map<Id, readonly number[]> {
  const places = new Map<Id, number[]>()
  for (const [place, id] of eventIds.entries()) {
    const known = places.get(id)
    if (known === undefined) places.set(id, [place])
    else known.push(place)
  }
  return places
}
