import { setTimeout as pause } from 'node:timers/promises'
import { claimRequestSchema, isUserEngineError, type OutboxPort, validate } from '@user-engine/store-protocol'
import * as z from 'zod'
import { omitUndefined } from '../commands/omit-undefined.ts'
import { type Backoff, createBackoff } from './backoff.ts'
import { createBell } from './bell.ts'
import { DEFAULT_EVENT_SOURCE, isEventSource } from './cloud-event.ts'
import { createDeliverySlots, type DeliverySlots } from './delivery-slots.ts'
import {
  type BatchEnvironment,
  deliverBatch,
  type LeasedBatch,
  RELAY_STOPPED,
  SINK_STALLED,
} from './leased-batch.ts'
import { createOutage, type Outage } from './outage.ts'
import type { OutboxSink } from './outbox-sink.ts'
import type { RelayEvent, RelayHook, RelayReport, RelayStatus } from './relay-event.ts'

/** What a relay works with. Times are in milliseconds. */
export interface OutboxRelayOptions {
  /** The outbox of the store: `store.outbox`. It spans all tenants. */
  readonly outbox: OutboxPort
  readonly sink: OutboxSink
  /** Who claims, for diagnostics: a process or worker name, 1 to 128 characters. */
  readonly consumer: string
  /** The `source` of the CloudEvents, a URI reference; default `/user-engine`. */
  readonly source?: string
  /**
   * How many events are claimed at once; default 100, at most the manifest's `outbox.maxBatch`. The relay claims ahead while
   * less than one batch waits for its turn, so it holds at most `(concurrency + 2) * batchSize` events in memory.
   */
  readonly batchSize?: number
  /** How long a lease runs before it is extended or lost; default 30,000, at most the manifest's `outbox.maxLeaseMs`. */
  readonly leaseMs?: number
  /** How long to wait when nothing is due; default 250. */
  readonly idlePollMs?: number
  /**
   * How many aggregates are delivered in parallel; default 8. Within an aggregate the order is kept [OBX-05]. A slow one
   * takes one of these places and holds up nothing else.
   */
  readonly concurrency?: number
  /** How long the sink may take for one event before that counts as a failure; default 60,000. */
  readonly deliveryTimeoutMs?: number
  /**
   * How long a delivered event may wait to be acknowledged together with others; default 50. What a relay has delivered
   * and not acknowledged when it is killed is delivered again.
   */
  readonly ackDelayMs?: number
  /** How long an event waits after a failure; default 1,000 doubled each time up to 300,000, with jitter. */
  readonly backoff?: Backoff
  /** Is told what happens, for logs and metrics. */
  readonly onEvent?: RelayHook
}

/**
 * Takes events out of the outbox to a sink: at-least-once hand-over, exactly-once acknowledgement, in commit order per
 * aggregate [OBX-05, OBX-06]. Any number of relays may work on one store.
 */
export interface OutboxRelay {
  /** Starts delivering, until `stop`. Harmless when it is running already. */
  start(): void
  /**
   * Finishes what the sink is taking over, gives the rest back, and resolves when everything is settled: within
   * `deliveryTimeoutMs`, as far as the store answers. Harmless twice.
   */
  stop(): Promise<void>
  /** Looks for events now instead of at the next poll: for whoever has just committed some. */
  wake(): void
  /** What it has under its hands now. */
  status(): RelayStatus
  /**
   * Claims and delivers one batch, also while the relay is not started or the receiver is away: for tests and for
   * schedulers. Claims nothing while the sink is stalled.
   * @throws UserEngineError what `claim` throws, `UNAVAILABLE` and `VALIDATION` for example. A failing sink is no error here.
   */
  runOnce(): Promise<RelayReport>
}

const count = z.int().min(1).optional()

const limitsSchema = z.object({
  consumer: claimRequestSchema.shape.consumer,
  source: z.string().refine(isEventSource, { error: 'a URI reference' }).optional(),
  batchSize: count,
  leaseMs: count,
  idlePollMs: count,
  concurrency: count,
  deliveryTimeoutMs: count,
  ackDelayMs: z.int().min(0).optional(),
})

/**
 * Creates a relay. It does nothing before `start` or `runOnce`, and neither closes the store nor what the sink uses.
 * @throws UserEngineError `VALIDATION` for a malformed consumer or source, and for a number that is no integer from 1
 * (`ackDelayMs`: from 0).
 */
export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  validate(limitsSchema, options)
  return new Relay({
    source: DEFAULT_EVENT_SOURCE,
    batchSize: 100,
    leaseMs: 30_000,
    idlePollMs: 250,
    concurrency: 8,
    deliveryTimeoutMs: 60_000,
    ackDelayMs: 50,
    backoff: DELIVERY_BACKOFF,
    onEvent: () => {},
    ...omitUndefined(options),
  })
}

const DELIVERY_BACKOFF = createBackoff({ minMs: 1_000, maxMs: 300_000 })
/** An outage is when every place has found the receiver unavailable so often, and none has had an answer in between. */
const OUTAGE_AFTER_ROUNDS = 2

const STORE_BACKOFF = createBackoff({ minMs: 250, maxMs: 10_000 })

// What no repetition cures: the relay says so and ends, instead of filling the logs for ever.
const FATAL: ReadonlySet<string> = new Set(['STORE_CLOSED', 'VALIDATION', 'NOT_SUPPORTED'])

const NOTHING_CLAIMED: RelayReport = {
  claimed: 0,
  delivered: 0,
  failed: 0,
  deadLettered: 0,
  released: 0,
  lost: 0,
}

class Relay implements OutboxRelay {
  readonly #options: Required<OutboxRelayOptions>
  readonly #slots: DeliverySlots
  readonly #batches = new Set<LeasedBatch>()
  /** Rung when there may be something to claim. */
  readonly #news = createBell()
  /** Rung when there may be room for another batch. */
  readonly #room = createBell()
  #stopping = new AbortController()
  #loop: Promise<void> | null = null
  readonly #claims = new Set<Promise<unknown>>()
  #wasStalled = false
  readonly #outage: Outage

  constructor(options: Required<OutboxRelayOptions>) {
    this.#options = options
    this.#outage = createOutage(OUTAGE_AFTER_ROUNDS * options.concurrency)
    this.#slots = createDeliverySlots(options.concurrency, () => this.#onSlotsChanged())
  }

  start(): void {
    this.#loop ??= this.#run(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    const stopped = this.#stopping
    stopped.abort()
    for (const batch of this.#batches) batch.releaseWaiting(RELAY_STOPPED)
    this.#news.ring()
    this.#room.ring()
    this.#outage.interrupt()
    await Promise.allSettled([this.#loop, ...this.#claims])
    await Promise.all([...this.#batches].map(({ done }) => done))
    // Two calls may wait for the same end: only the first one makes the relay startable again.
    if (this.#stopping !== stopped) return
    this.#stopping = new AbortController()
    this.#loop = null
  }

  wake(): void {
    this.#news.ring()
  }

  status(): RelayStatus {
    let held = 0
    for (const batch of this.#batches) held += batch.held
    const { busy: delivering, overdue } = this.#slots
    return { batches: this.#batches.size, held, delivering, overdue }
  }

  async runOnce(): Promise<RelayReport> {
    if (this.#slots.isStalled) return NOTHING_CLAIMED
    const { done } = await this.#claim(this.#options.batchSize, this.#stopping.signal)
    return await done
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { batchSize, idlePollMs } = this.#options
    let failures = 0
    while (!signal.aborted) {
      if (!this.#hasRoom()) {
        await this.#room.wait()
        continue
      }
      try {
        if (this.#outage.isOn) {
          await this.#tryOne(signal)
          continue
        }
        const { size } = await this.#claim(batchSize, signal)
        failures = 0
        // Less than asked for is all there was. More comes with a commit, or when a batch has finished its aggregates.
        if (size < batchSize) await this.#news.wait(idlePollMs)
      } catch (error) {
        const code = isUserEngineError(error) ? error.code : null
        if (code !== null && FATAL.has(code)) {
          this.#tell({ kind: 'ended', code })
          return
        }
        this.#tell({ kind: 'store-failed', operation: 'claim', code })
        failures++
        await this.#pause(STORE_BACKOFF(failures), signal)
      }
    }
  }

  /** Waits a while, and then sees with a single event whether the receiver takes anything again. */
  async #tryOne(signal: AbortSignal): Promise<void> {
    const pauseMs = this.#outage.nextPause()
    this.#tell({ kind: 'receiver-away', failures: this.#outage.failures, pauseMs })
    await this.#outage.wait(pauseMs)
    if (signal.aborted || !this.#outage.isOn) return
    const { done } = await this.#claim(1, signal)
    await done
  }

  /** Leases a batch and begins to deliver it. */
  async #claim(limit: number, stopping: AbortSignal): Promise<LeasedBatch> {
    const claim = this.#leaseNext(limit, stopping)
    this.#claims.add(claim)
    try {
      return await claim
    } finally {
      this.#claims.delete(claim)
    }
  }

  async #leaseNext(limit: number, stopping: AbortSignal): Promise<LeasedBatch> {
    const { outbox, consumer, leaseMs } = this.#options
    const claimedAtMs = performance.now()
    const lease = await outbox.claim({ consumer, limit, leaseMs })
    const count = lease.deliveries.length
    const durationMs = performance.now() - claimedAtMs
    if (count > 0) this.#tell({ kind: 'claimed', token: lease.token, count, durationMs })
    const batch = deliverBatch({ lease, claimedAtMs }, this.#environmentOf(stopping))
    this.#batches.add(batch)
    void batch.done.then(() => {
      this.#batches.delete(batch)
      if (count > 0) this.#news.ring()
    })
    return batch
  }

  #environmentOf(stopping: AbortSignal): BatchEnvironment {
    const tell = (event: RelayEvent) => this.#tell(event)
    const onTried = (hasAnswered: boolean) => this.#onTried(hasAnswered)
    return { ...this.#options, slots: this.#slots, tell, onTried, stopping }
  }

  /** Claims ahead by one batch at most, so that the slots find their next work while a claim is under way. */
  #hasRoom(): boolean {
    return this.#slots.waiting < this.#options.batchSize && !this.#slots.isStalled
  }

  #onTried(hasAnswered: boolean): void {
    if (!hasAnswered) this.#outage.unavailable()
    else if (this.#outage.answered()) this.#tell({ kind: 'receiver-back' })
  }

  #onSlotsChanged(): void {
    const isStalled = this.#slots.isStalled
    if (isStalled && !this.#wasStalled) {
      this.#tell({ kind: 'sink-stalled', deliveries: this.#slots.overdue })
      for (const batch of this.#batches) batch.releaseWaiting(SINK_STALLED)
    }
    this.#wasStalled = isStalled
    if (this.#hasRoom()) this.#room.ring()
  }

  #tell(event: RelayEvent): void {
    try {
      this.#options.onEvent(event)
    } catch {
      // A hook that fails is its owner's trouble; delivering goes on.
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await pause(ms, undefined, { signal })
    } catch {
      // Stopped: the loop sees it.
    }
  }
}
