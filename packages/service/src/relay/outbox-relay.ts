import { setTimeout as pause } from 'node:timers/promises'
import { claimRequestSchema, isUserEngineError, type OutboxPort, validate } from '@user-engine/store-protocol'
import * as z from 'zod'
import { type Backoff, createBackoff } from './backoff.ts'
import { DEFAULT_EVENT_SOURCE } from './cloud-event.ts'
import { type BatchEnvironment, deliverBatch } from './leased-batch.ts'
import type { OutboxSink } from './outbox-sink.ts'
import type { RelayEvent, RelayHook, RelayReport } from './relay-event.ts'

/** What a relay works with. Times are in milliseconds. */
export interface OutboxRelayOptions {
  /** The outbox of the store: `store.outbox`. It spans all tenants. */
  readonly outbox: OutboxPort
  readonly sink: OutboxSink
  /** Who claims, for diagnostics: a process or worker name, 1 to 128 characters. */
  readonly consumer: string
  /** The `source` of the CloudEvents, a URI reference; default `/user-engine`. */
  readonly source?: string
  /** How many events are leased at once; default 100, at most the manifest's `outbox.maxBatch`. */
  readonly batchSize?: number
  /** How long a lease runs before it is extended or lost; default 30,000, at most the manifest's `outbox.maxLeaseMs`. */
  readonly leaseMs?: number
  /** How long to wait when nothing is due; default 250. */
  readonly idlePollMs?: number
  /** How many aggregates are delivered in parallel; default 8. Within an aggregate the order is kept [OBX-05]. */
  readonly concurrency?: number
  /** How long the sink may take for one event before that counts as a failure; default 60,000. */
  readonly deliveryTimeoutMs?: number
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
  /** Finishes what the sink is taking over, gives the rest back, and resolves when nothing runs any more. Harmless twice. */
  stop(): Promise<void>
  /**
   * Claims and delivers one batch, also while the relay is not started: for tests and for schedulers.
   * @throws UserEngineError what `claim` throws, `UNAVAILABLE` and `VALIDATION` for example. A failing sink is no error here.
   */
  runOnce(): Promise<RelayReport>
}

const limitsSchema = z.object({
  consumer: claimRequestSchema.shape.consumer,
  batchSize: z.int().min(1).optional(),
  leaseMs: z.int().min(1).optional(),
  idlePollMs: z.int().min(1).optional(),
  concurrency: z.int().min(1).optional(),
  deliveryTimeoutMs: z.int().min(1).optional(),
})

/**
 * Creates a relay. It does nothing before `start` or `runOnce`, and neither closes the store nor the sink.
 * @throws UserEngineError `VALIDATION` for a malformed consumer or a number that is no integer from 1.
 */
export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  validate(limitsSchema, options)
  return new Relay(options)
}

const STORE_BACKOFF = createBackoff({ minMs: 250, maxMs: 10_000 })

// What no repetition cures: the relay says so and ends, instead of filling the logs for ever.
const FATAL: ReadonlySet<string> = new Set(['STORE_CLOSED', 'VALIDATION', 'NOT_SUPPORTED'])

class Relay implements OutboxRelay {
  readonly #options: OutboxRelayOptions
  readonly #idlePollMs: number
  #stopping = new AbortController()
  #loop: Promise<void> | null = null
  readonly #running = new Set<Promise<RelayReport>>()

  constructor(options: OutboxRelayOptions) {
    this.#options = options
    this.#idlePollMs = options.idlePollMs ?? 250
  }

  start(): void {
    this.#loop ??= this.#run(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    const stopped = this.#stopping
    stopped.abort()
    await Promise.allSettled([this.#loop, ...this.#running])
    // Two calls may wait for the same end: only the first one makes the relay startable again.
    if (this.#stopping !== stopped) return
    this.#stopping = new AbortController()
    this.#loop = null
  }

  runOnce(): Promise<RelayReport> {
    const run = this.#claimAndDeliver(this.#stopping.signal)
    this.#running.add(run)
    const forget = () => this.#running.delete(run)
    run.then(forget, forget)
    return run
  }

  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      try {
        const { claimed } = await this.runOnce()
        failures = 0
        if (claimed === 0) await this.#wait(this.#idlePollMs, signal)
      } catch (error) {
        const code = isUserEngineError(error) ? error.code : null
        if (code !== null && FATAL.has(code)) {
          this.#tell({ kind: 'ended', code })
          return
        }
        this.#tell({ kind: 'store-failed', operation: 'claim', code })
        failures++
        await this.#wait(STORE_BACKOFF(failures), signal)
      }
    }
  }

  async #claimAndDeliver(stopping: AbortSignal): Promise<RelayReport> {
    const { outbox, consumer } = this.#options
    const environment = this.#environmentOf(stopping)
    const { leaseMs } = environment
    const claimedAtMs = performance.now()
    const lease = await outbox.claim({ consumer, limit: this.#options.batchSize ?? 100, leaseMs })
    const count = lease.deliveries.length
    if (count > 0) this.#tell({ kind: 'claimed', token: lease.token, count })
    return await deliverBatch({ lease, claimedAtMs }, environment)
  }

  #environmentOf(stopping: AbortSignal): BatchEnvironment {
    const { outbox, sink } = this.#options
    return {
      outbox,
      sink,
      source: this.#options.source ?? DEFAULT_EVENT_SOURCE,
      concurrency: this.#options.concurrency ?? 8,
      leaseMs: this.#options.leaseMs ?? 30_000,
      deliveryTimeoutMs: this.#options.deliveryTimeoutMs ?? 60_000,
      backoff: this.#options.backoff ?? DELIVERY_BACKOFF,
      tell: (event) => this.#tell(event),
      stopping,
    }
  }

  #tell(event: RelayEvent): void {
    try {
      this.#options.onEvent?.(event)
    } catch {
      // A hook that fails is its owner's trouble; delivering goes on.
    }
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await pause(ms, undefined, { signal })
    } catch {
      // Stopped: the loop sees it.
    }
  }
}

const DELIVERY_BACKOFF = createBackoff({ minMs: 1_000, maxMs: 300_000 })
