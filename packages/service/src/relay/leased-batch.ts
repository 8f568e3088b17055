/**
 * One leased batch on its way to the sink.
 *
 * Aggregates are delivered in parallel, the events of one aggregate one after the other [OBX-05]. What became of an
 * event is decided once: delivered (acknowledged later, together with others), failed (given back, and every later event
 * of its aggregate with it, so that none overtakes it), dead, released untried, or lost. An event whose lease is over is
 * never started: somebody else may hold it by now. Calls to the outbox take turns, so that no extension crosses a
 * settlement.
 */
import {
  type Id,
  isUserEngineError,
  type OutboxDelivery,
  type OutboxLease,
  type OutboxPort,
} from '@user-engine/store-protocol'
import { retryTransient } from '../retry/retry-transient.ts'
import type { Backoff } from './backoff.ts'
import { toCloudEvent } from './cloud-event.ts'
import { DeliveryFailure, describeFailure, isPermanent } from './delivery-failure.ts'
import type { OutboxSink } from './outbox-sink.ts'
import type { DeliveryNames, RelayEvent, RelayReport, StoreOperation } from './relay-event.ts'

/** What a batch is delivered with. */
export interface BatchEnvironment {
  readonly outbox: OutboxPort
  readonly sink: OutboxSink
  readonly source: string
  readonly concurrency: number
  readonly leaseMs: number
  readonly deliveryTimeoutMs: number
  readonly backoff: Backoff
  readonly tell: (event: RelayEvent) => void
  /** Aborted when the relay stops: what is being delivered is finished, the rest is released. */
  readonly stopping: AbortSignal
}

/** A lease and when it was asked for, on this process's monotonic clock. */
export interface ClaimedLease {
  readonly lease: OutboxLease
  readonly claimedAtMs: number
}

/** Delivers a batch and settles it as far as it can. Never rejects: what cannot be settled is left to the lease. */
export function deliverBatch(claimed: ClaimedLease, environment: BatchEnvironment): Promise<RelayReport> {
  return new LeasedBatch(claimed, environment).run()
}

const HELD_BACK = 'held back: an earlier event of the aggregate failed'
const RELAY_STOPPED = 'released: the relay stopped'

// The outbox may be away for a moment; longer than this, and the lease is the better protection.
const SETTLE_POLICY = { retries: 4, minDelayMs: 50, maxDelayMs: 1_000 }

class LeasedBatch {
  readonly #lease: OutboxLease
  readonly #environment: BatchEnvironment
  readonly #counts = { delivered: 0, failed: 0, deadLettered: 0, released: 0, lost: 0 }
  /** Under our lease, and nothing has been decided about them yet. */
  readonly #open: Set<Id>
  /** Delivered, and not yet acknowledged. */
  #unacknowledged: Id[] = []
  #leaseEndsAtMs: number
  #turns: Promise<unknown> = Promise.resolve()

  constructor({ lease, claimedAtMs }: ClaimedLease, environment: BatchEnvironment) {
    this.#lease = lease
    this.#environment = environment
    this.#open = new Set(lease.deliveries.map(({ event }) => event.id))
    // Counted from before the claim was sent: ours may only end earlier than the store's.
    this.#leaseEndsAtMs = claimedAtMs + environment.leaseMs
  }

  async run(): Promise<RelayReport> {
    const { leaseMs, concurrency } = this.#environment
    const aggregates = groupByAggregate(this.#lease.deliveries).values()
    const keepLease = setInterval(() => void this.#keepLease(), Math.max(1, Math.floor(leaseMs / 3)))
    try {
      const worker = async () => {
        // The workers share one iterator: each takes the next aggregate that nobody has taken.
        for (const deliveries of aggregates) await this.#deliverAggregate(deliveries)
      }
      await Promise.all(Array.from({ length: concurrency }, worker))
    } finally {
      clearInterval(keepLease)
    }
    await this.#acknowledge()
    return { claimed: this.#lease.deliveries.length, ...this.#counts }
  }

  async #deliverAggregate(deliveries: readonly OutboxDelivery[]): Promise<void> {
    for (const [index, delivery] of deliveries.entries()) {
      if (this.#environment.stopping.aborted) {
        return await this.#release(deliveries.slice(index), RELAY_STOPPED)
      }
      if (!this.#isHeld(delivery)) return this.#lose(deliveries.slice(index))
      const error = await this.#deliver(delivery)
      if (error === null) continue
      const fate = await this.#giveBack(delivery, error)
      if (fate === 'dead') continue
      const later = deliveries.slice(index + 1)
      return fate === 'waiting' ? await this.#release(later, HELD_BACK) : this.#lose([delivery, ...later])
    }
  }

  /** Hands one event to the sink. Returns what went wrong, or `null`. */
  async #deliver(delivery: OutboxDelivery): Promise<unknown> {
    const { sink, source, deliveryTimeoutMs, tell } = this.#environment
    const startedAt = performance.now()
    try {
      const delivered = sink.deliver(toCloudEvent(delivery.event, { source }))
      await withTimeLimit(delivered, deliveryTimeoutMs)
    } catch (error) {
      return error ?? new DeliveryFailure({ code: 'UNKNOWN' })
    }
    this.#open.delete(delivery.event.id)
    this.#unacknowledged.push(delivery.event.id)
    this.#counts.delivered++
    tell({ kind: 'delivered', ...namesOf(delivery), durationMs: performance.now() - startedAt })
    return null
  }

  /** Tells the outbox about a failure, and says whether the event is out of the way of the later ones. */
  async #giveBack(delivery: OutboxDelivery, error: unknown): Promise<'dead' | 'waiting' | 'lost'> {
    const { outbox, backoff, tell } = this.#environment
    const { token } = this.#lease
    const reason = describeFailure(error)
    const names = namesOf(delivery)
    const ids = this.#take([delivery])
    if (isPermanent(error)) {
      const settled = await this.#settle('dead-letter', ids, async (eventIds) => {
        await outbox.deadLetter({ token, eventIds, reason })
        return true
      })
      if (settled === null) return 'lost'
      this.#counts.deadLettered++
      tell({ kind: 'dead-lettered', ...names, reason })
      return 'dead'
    }
    const retryAfterMs = backoff(delivery.attempt)
    const nacked = await this.#settle('nack', ids, (eventIds) =>
      outbox.nack({ token, eventIds, reason, retryAfterMs }),
    )
    if (nacked === null) return 'lost'
    if (nacked.deadLettered.length > 0) {
      this.#counts.deadLettered++
      tell({ kind: 'dead-lettered', ...names, reason })
      return 'dead'
    }
    this.#counts.failed++
    tell({ kind: 'failed', ...names, reason, retryAfterMs })
    return 'waiting'
  }

  /** Gives events back that were not tried. */
  async #release(deliveries: readonly OutboxDelivery[], reason: string): Promise<void> {
    const { outbox, tell } = this.#environment
    const { token } = this.#lease
    const ids = this.#take(deliveries)
    if (ids.length === 0) return
    const nacked = await this.#settle('nack', ids, (eventIds) =>
      outbox.nack({ token, eventIds, reason, retryAfterMs: 0 }),
    )
    if (nacked === null) {
      this.#counts.lost += ids.length
      return
    }
    this.#counts.released += ids.length
    tell({ kind: 'released', count: ids.length, reason })
    // Giving back counts as an attempt, and an event that nobody has tried must not end in the dead letters.
    for (const eventId of nacked.deadLettered) {
      await this.#settle('replay', [eventId], () => outbox.replay({ eventId }))
    }
  }

  #lose(deliveries: readonly OutboxDelivery[]): void {
    this.#take(deliveries)
    this.#counts.lost += deliveries.length
    this.#environment.tell({ kind: 'lease-lost', eventIds: deliveries.map(({ event }) => event.id) })
  }

  /** Acknowledges what has been delivered, and lets the lease of the rest run on. */
  async #keepLease(): Promise<void> {
    await this.#acknowledge()
    const { outbox, leaseMs } = this.#environment
    const { token } = this.#lease
    await this.#inTurn(async () => {
      const askedAt = performance.now()
      const ids = [...this.#open]
      const extended = await this.#trySettle('extend', ids, (eventIds) =>
        outbox.extend({ token, eventIds, leaseMs }),
      )
      if (extended !== null) this.#leaseEndsAtMs = askedAt + leaseMs
    })
  }

  async #acknowledge(): Promise<void> {
    const { outbox, tell } = this.#environment
    const { token } = this.#lease
    await this.#inTurn(async () => {
      const ids = this.#unacknowledged
      this.#unacknowledged = []
      await this.#trySettle('ack', ids, async (eventIds) => {
        await outbox.ack({ token, eventIds })
        tell({ kind: 'acknowledged', count: eventIds.length })
      })
    })
  }

  #isHeld({ event }: OutboxDelivery): boolean {
    return this.#open.has(event.id) && performance.now() < this.#leaseEndsAtMs
  }

  /** Decides about events: nothing else touches them from now on. */
  #take(deliveries: readonly OutboxDelivery[]): Id[] {
    return deliveries.map(({ event }) => event.id).filter((id) => this.#open.delete(id))
  }

  #settle<Result>(
    operation: StoreOperation,
    ids: readonly Id[],
    call: (eventIds: Id[]) => Promise<Result>,
  ): Promise<Result | null> {
    return this.#inTurn(() => this.#trySettle(operation, ids, call))
  }

  /**
   * Calls the outbox about events. It changes all of them or none: those that are not ours any more are left out and the
   * rest is tried again. `null` when nothing was settled.
   */
  async #trySettle<Result>(
    operation: StoreOperation,
    ids: readonly Id[],
    call: (eventIds: Id[]) => Promise<Result>,
  ): Promise<Result | null> {
    const { tell } = this.#environment
    let held = [...ids]
    while (held.length > 0) {
      try {
        return await retryTransient(() => call(held), SETTLE_POLICY)
      } catch (error) {
        const stale = isUserEngineError(error, 'STALE_LEASE') ? new Set(error.data.eventIds) : new Set<Id>()
        const lost = held.filter((id) => stale.has(id))
        if (lost.length === 0) {
          tell({ kind: 'store-failed', operation, code: isUserEngineError(error) ? error.code : null })
          return null
        }
        for (const id of lost) this.#open.delete(id)
        tell({ kind: 'lease-lost', eventIds: lost })
        held = held.filter((id) => !stale.has(id))
      }
    }
    return null
  }

  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const turn = this.#turns.then(task)
    this.#turns = turn.catch(() => undefined)
    return turn
  }
}

function groupByAggregate(deliveries: readonly OutboxDelivery[]): Map<string, OutboxDelivery[]> {
  return Map.groupBy(deliveries, ({ event }) => JSON.stringify([event.aggregateType, event.aggregateId]))
}

function namesOf({ event, attempt }: OutboxDelivery): DeliveryNames {
  return { eventId: event.id, type: event.type, attempt }
}

// A sink that never answers would hold its aggregate for ever, and with it the relay when it stops.
async function withTimeLimit(delivered: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeliveryFailure({ code: 'TIMEOUT' })), limitMs)
  })
  try {
    await Promise.race([delivered, limit])
  } finally {
    clearTimeout(timer)
  }
}
