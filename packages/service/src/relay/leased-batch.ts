/**
 * One leased batch on its way to the sink.
 *
 * Aggregates are delivered in parallel, each in a slot of the relay; the events of one aggregate go one after the other
 * [OBX-05]. A failed event is given back, and every later one of its aggregate with it, so that none overtakes it. An
 * event whose lease is over is never started: somebody else may hold it by now.
 */
import type { OutboxDelivery, OutboxLease } from '@user-engine/store-protocol'
import { toCloudEvent } from './cloud-event.ts'
import {
  askedPause,
  DeliveryFailure,
  describeFailure,
  isPermanent,
  isUnavailable,
} from './delivery-failure.ts'
import type { DeliverySlots } from './delivery-slots.ts'
import {
  createLeaseSettlement,
  type Fate,
  type LeaseSettlement,
  type SettlementEnvironment,
} from './lease-settlement.ts'
import type { OutboxSink } from './outbox-sink.ts'
import { namesOf, type RelayReport } from './relay-event.ts'

/** What a batch is delivered with. */
export interface BatchEnvironment extends SettlementEnvironment {
  readonly sink: OutboxSink
  readonly source: string
  readonly slots: DeliverySlots
  readonly deliveryTimeoutMs: number
  /** Is told of every try whether the receiver answered to it: took the event over, or refused it for what it is. */
  readonly onTried: (hasAnswered: boolean) => void
}

/** A lease, and a time on this process's monotonic clock from before it was asked for. */
export interface ClaimedLease {
  readonly lease: OutboxLease
  readonly claimedAtMs: number
}

export interface LeasedBatch {
  /** How many events were claimed. */
  readonly size: number
  /** How many of them are not settled. */
  readonly held: number
  /** Gives back what has no slot yet. */
  releaseWaiting(reason: string): void
  /** Resolves when everything is decided and settled as far as it can be. What cannot be settled is left to the lease. */
  readonly done: Promise<RelayReport>
}

/** Begins to deliver a batch. */
export function deliverBatch(claimed: ClaimedLease, environment: BatchEnvironment): LeasedBatch {
  return new DeliveredBatch(claimed, environment)
}

export const RELAY_STOPPED = 'released: the relay stopped'
export const SINK_STALLED = 'released: the sink hangs'
const HELD_BACK = 'held back: an earlier event of the aggregate failed'

/** The events of one aggregate, which go one after the other. */
type Run = readonly OutboxDelivery[]

/** What a try left behind. */
interface Try {
  /** What went wrong, or `null`. */
  readonly error: unknown
  /** The sink's own promise, where it has not settled within the time limit. */
  readonly overdue: Promise<unknown> | null
}

class DeliveredBatch implements LeasedBatch {
  readonly size: number
  readonly done: Promise<RelayReport>
  readonly #environment: BatchEnvironment
  readonly #settlement: LeaseSettlement
  readonly #counts = { delivered: 0, failed: 0, deadLettered: 0, released: 0, lost: 0 }
  readonly #waiting = new Set<Run>()
  readonly #decided = Promise.withResolvers<void>()
  #undecidedRuns: number

  constructor({ lease, claimedAtMs }: ClaimedLease, environment: BatchEnvironment) {
    this.#environment = environment
    const { token, deliveries } = lease
    const eventIds = deliveries.map(({ event }) => event.id)
    this.#settlement = createLeaseSettlement({ token, eventIds, claimedAtMs }, environment)
    const runs = groupByAggregate(deliveries)
    this.size = deliveries.length
    this.#undecidedRuns = runs.length
    this.done = this.#run()
    for (const run of runs) {
      this.#waiting.add(run)
      environment.slots.run(run.length, () => this.#start(run))
    }
    this.#decide(0)
    if (environment.stopping.aborted) this.releaseWaiting(RELAY_STOPPED)
  }

  get held(): number {
    return this.#settlement.held
  }

  releaseWaiting(reason: string): void {
    const runs = [...this.#waiting]
    this.#waiting.clear()
    void this.#release(runs.flat(), reason).then(() => this.#decide(runs.length))
  }

  async #run(): Promise<RelayReport> {
    const keep = () => this.#settlement.keep()
    const keepLease = setInterval(keep, Math.max(1, Math.floor(this.#environment.leaseMs / 3)))
    await this.#decided.promise
    clearInterval(keepLease)
    await this.#settlement.finish()
    return { claimed: this.size, ...this.#counts }
  }

  #decide(runs: number): void {
    this.#undecidedRuns -= runs
    if (this.#undecidedRuns === 0) this.#decided.resolve()
  }

  /** Delivers a run in its slot. It is decided when its events are; the slot is free when the sink has let go. */
  async #start(run: Run): Promise<void> {
    // It may have been given back while it waited.
    if (!this.#waiting.delete(run)) return
    const { overdue } = await this.#deliverRun(run)
    this.#decide(1)
    if (overdue !== null) await this.#environment.slots.untilLetGo(overdue)
  }

  async #deliverRun(run: Run): Promise<Pick<Try, 'overdue'>> {
    for (const [index, delivery] of run.entries()) {
      if (this.#environment.stopping.aborted) {
        await this.#release(run.slice(index), RELAY_STOPPED)
        break
      }
      if (!this.#settlement.isHeld(delivery.event.id)) {
        this.#lose(run.slice(index))
        break
      }
      const { error, overdue } = await this.#try(delivery)
      if (error === null) continue
      const fate = await this.#giveBack(delivery, error)
      if (fate === 'dead' && overdue === null) continue
      const later = run.slice(index + 1)
      if (fate === 'lost') this.#lose(later)
      else await this.#release(later, HELD_BACK)
      return { overdue }
    }
    return { overdue: null }
  }

  /** Hands one event to the sink. */
  async #try(delivery: OutboxDelivery): Promise<Try> {
    const { sink, source, deliveryTimeoutMs, tell, onTried } = this.#environment
    const startedAt = performance.now()
    const controller = new AbortController()
    let delivered: Promise<void> | null = null
    try {
      const { signal } = controller
      delivered = sink.deliver(toCloudEvent(delivery.event, { source }), { signal })
      await withTimeLimit(delivered, { controller, limitMs: deliveryTimeoutMs })
    } catch (error) {
      onTried(!isUnavailable(error))
      return {
        error: error ?? new DeliveryFailure({ code: 'UNKNOWN' }),
        overdue: controller.signal.aborted ? delivered : null,
      }
    }
    this.#settlement.delivered(delivery.event.id)
    this.#counts.delivered++
    onTried(true)
    tell({ kind: 'delivered', ...namesOf(delivery), durationMs: performance.now() - startedAt })
    return TAKEN_OVER
  }

  /** Tells the outbox about a failure. */
  async #giveBack(delivery: OutboxDelivery, error: unknown): Promise<Fate> {
    const reason = describeFailure(error)
    const fate = isPermanent(error)
      ? await this.#settlement.bury(delivery, reason)
      : await this.#settlement.retryLater(delivery, { reason, atLeastMs: askedPause(error) })
    this.#counts[COUNTER[fate]]++
    return fate
  }

  /** Gives events back that were not tried. */
  async #release(deliveries: readonly OutboxDelivery[], reason: string): Promise<void> {
    const released = await this.#settlement.release(deliveries, reason)
    this.#counts.released += released
    this.#counts.lost += deliveries.length - released
  }

  #lose(deliveries: readonly OutboxDelivery[]): void {
    this.#settlement.lose(deliveries)
    this.#counts.lost += deliveries.length
  }
}

const TAKEN_OVER: Try = { error: null, overdue: null }

const COUNTER = { dead: 'deadLettered', waiting: 'failed', lost: 'lost' } as const

function groupByAggregate(deliveries: readonly OutboxDelivery[]): Run[] {
  // No text of the contract contains U+0000 [VAL-02], so that no two aggregates share a key.
  const runs = Map.groupBy(
    deliveries,
    ({ event: { aggregateType, aggregateId } }) => `${aggregateType}\0${aggregateId}`,
  )
  return [...runs.values()]
}

interface TimeLimit {
  readonly controller: AbortController
  readonly limitMs: number
}

/** Rejects when the sink has not settled in time, and tells it to give up. */
function withTimeLimit(delivered: Promise<void>, { controller, limitMs }: TimeLimit): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const failure = new DeliveryFailure({ code: 'TIMEOUT', unavailable: true })
      reject(failure)
      controller.abort(failure)
    }, limitMs)
    const end = (settle: () => void) => {
      clearTimeout(timer)
      settle()
    }
    delivered.then(
      () => end(resolve),
      (error) => end(() => reject(error)),
    )
  })
}
