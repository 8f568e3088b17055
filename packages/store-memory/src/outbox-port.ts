import {
  type AckRequest,
  ackRequestSchema,
  type ClaimRequest,
  claimRequestSchema,
  type DeadLetter,
  type DeadLetterRequest,
  deadLetterRequestSchema,
  type ExtendRequest,
  extendRequestSchema,
  type Id,
  type Instant,
  idSchema,
  type NackRequest,
  nackRequestSchema,
  type OutboxLease,
  type OutboxPort,
  type OutboxStats,
  type Page,
  type PageRequest,
  type ReleaseRequest,
  releaseRequestSchema,
  type StoreCapabilities,
  UserEngineError,
  validate,
} from '@user-engine/store-protocol'
import { acceptRequest, invalid } from './accept.ts'
import type { OutboxRow } from './outbox-log.ts'
import type { OutboxQueue } from './outbox-queue.ts'
import { acceptPage, takePage } from './read-page.ts'
import { type Entry, walkEntries } from './walk.ts'

/** Runs one call of the store: refuses it after the store was closed, and notes its error. */
export type RunCall = <Result>(call: () => Result) => Promise<Result>

/** What the relay's side of the outbox works with. */
export interface OutboxPortSource {
  readonly queue: OutboxQueue
  readonly limits: StoreCapabilities['outbox']
  readonly run: RunCall
}

export function createOutboxPort(source: OutboxPortSource): OutboxPort {
  return new QueuePort(source)
}

const DEAD_LETTERS = 'dead-letters'

class QueuePort implements OutboxPort {
  readonly #queue: OutboxQueue
  readonly #limits: StoreCapabilities['outbox']
  readonly #run: RunCall

  constructor({ queue, limits, run }: OutboxPortSource) {
    this.#queue = queue
    this.#limits = limits
    this.#run = run
  }

  claim(request: ClaimRequest): Promise<OutboxLease> {
    return this.#run(() => {
      const { consumer, limit, leaseMs } = validate(claimRequestSchema, request)
      const { maxAttempts, maxBatch } = this.#limits
      if (limit > maxBatch) throw invalid('limit', `at most ${maxBatch}`)
      this.#requireLease(leaseMs)
      const { token, expiresAt, rows } = this.#queue.claim({ limit, leaseMs, maxAttempts })
      return {
        token,
        consumer,
        expiresAt: toInstant(expiresAt),
        deliveries: rows.map((row) => ({ event: row.log.eventOf(row), attempt: row.attempts })),
      }
    })
  }

  ack(request: AckRequest): Promise<void> {
    return this.#run(() => {
      for (const row of this.#held(validate(ackRequestSchema, request))) this.#queue.acknowledge(row)
    })
  }

  extend(request: ExtendRequest): Promise<{ readonly expiresAt: Instant }> {
    return this.#run(() => {
      const { leaseMs, ...leased } = validate(extendRequestSchema, request)
      this.#requireLease(leaseMs)
      return { expiresAt: toInstant(this.#queue.extend(this.#held(leased), leaseMs)) }
    })
  }

  nack(request: NackRequest): Promise<{ readonly deadLettered: readonly Id[] }> {
    return this.#run(() => {
      const { reason, retryAfterMs, ...leased } = validate(nackRequestSchema, request)
      const deadLettered: Id[] = []
      for (const row of this.#held(leased)) {
        if (row.attempts < this.#limits.maxAttempts) {
          this.#queue.retryLater(row, retryAfterMs)
        } else {
          this.#queue.bury(row, reason)
          deadLettered.push(row.id)
        }
      }
      return { deadLettered }
    })
  }

  release(request: ReleaseRequest): Promise<void> {
    return this.#run(() => {
      for (const row of this.#held(validate(releaseRequestSchema, request))) this.#queue.release(row)
    })
  }

  deadLetter(request: DeadLetterRequest): Promise<void> {
    return this.#run(() => {
      const { reason, ...leased } = validate(deadLetterRequestSchema, request)
      for (const row of this.#held(leased)) this.#queue.bury(row, reason)
    })
  }

  listDeadLetters(page?: PageRequest): Promise<Page<DeadLetter>> {
    return this.#run(() => {
      const position = acceptPage(DEAD_LETTERS, page)
      return takePage(DEAD_LETTERS, position, walkEntries(this.#deadLetters(position.after)))
    })
  }

  replay(request: { readonly eventId: Id }): Promise<void> {
    return this.#run(() => {
      const { eventId } = acceptRequest(request)
      if (!idSchema.safeParse(eventId).success) throw invalid('eventId', 'a UUIDv7 in lower case')
      if (!this.#queue.revive(eventId)) {
        throw new UserEngineError('NOT_FOUND', { entity: 'outbox-event', id: eventId })
      }
    })
  }

  stats(): Promise<OutboxStats> {
    return this.#run(() => this.#queue.stats())
  }

  /** @throws UserEngineError `STALE_LEASE` naming the events that the token does not hold; nothing has changed then [OBX-03]. */
  #held({ token, eventIds }: AckRequest): readonly OutboxRow[] {
    const { rows, stale } = this.#queue.held(token, eventIds)
    if (stale.length > 0) throw new UserEngineError('STALE_LEASE', { token, eventIds: stale })
    return rows
  }

  #requireLease(leaseMs: number): void {
    const { maxLeaseMs } = this.#limits
    if (leaseMs > maxLeaseMs) throw invalid('leaseMs', `at most ${maxLeaseMs}`)
  }

  *#deadLetters(after: string | null): Iterable<Entry<string, DeadLetter>> {
    for (const row of this.#queue.dead(Number(after) || 0)) {
      if (row.death === null) continue
      const { number, reason, at } = row.death
      yield [
        String(number),
        { event: row.log.eventOf(row), attempts: row.attempts, reason, deadAt: toInstant(at) },
      ]
    }
  }
}

function toInstant(milliseconds: number): Instant {
  return new Date(milliseconds).toISOString()
}
