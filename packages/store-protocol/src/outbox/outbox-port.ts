import * as z from 'zod'
import type { Page, PageRequest } from '../page.ts'
import { type Id, idSchema } from '../values/identifiers.ts'
import type { Instant } from '../values/instant.ts'
import { textSchema } from '../values/text.ts'
import type { OutboxEvent } from './outbox-event.ts'

/** One hand-over of one event. */
export interface OutboxDelivery {
  readonly event: OutboxEvent
  /** 1 at the first hand-over, one higher at every later one [OBX-04], but for what was released: that counts as none [OBX-10]. */
  readonly attempt: number
}

/** A batch that one consumer holds for a time. */
export interface OutboxLease {
  /** The fencing token: higher than the token of every claim before it, in any process [OBX-03]. */
  readonly token: number
  readonly consumer: string
  /** When the lease runs out by the store's clock, unless it is extended. */
  readonly expiresAt: Instant
  /** In hand-over order: per aggregate, commit order [OBX-05]. Empty when nothing is due. */
  readonly deliveries: readonly OutboxDelivery[]
}

/** An event that was given up on, with the reason. */
export interface DeadLetter {
  readonly event: OutboxEvent
  readonly attempts: number
  readonly reason: string
  readonly deadAt: Instant
}

/** The state of the outbox across all tenants [OBX-09]. */
export interface OutboxStats {
  /** Events that are not acknowledged and not leased. */
  readonly pending: number
  /** Events under a live lease. */
  readonly leased: number
  readonly dead: number
  /**
   * How long the oldest event that is neither acknowledged nor dead has waited since it was appended, by the store's
   * clock, in milliseconds; `null` when there is none.
   */
  readonly oldestAgeMs: number | null
  /**
   * The aggregates whose first event, leased or waiting for its retry, keeps later ones back, the longest waiting first,
   * at most 20. `waiting` counts those later ones that are neither leased nor dead, and is at least 1.
   */
  readonly blocked: readonly {
    readonly aggregateType: string
    readonly aggregateId: string
    readonly because: 'leased' | 'waiting-for-retry'
    readonly waiting: number
  }[]
}

export const claimRequestSchema = z.strictObject({
  /** Who claims, for diagnostics: a process or worker name. */
  consumer: textSchema({ min: 1, max: 128 }),
  limit: z.int().min(1),
  leaseMs: z.int().min(1),
})

export type ClaimRequest = Readonly<z.infer<typeof claimRequestSchema>>

const leasedEventsSchema = z.strictObject({
  token: z.int().min(0),
  eventIds: z.array(idSchema).min(1),
})

export const ackRequestSchema = leasedEventsSchema
export const extendRequestSchema = leasedEventsSchema.extend({ leaseMs: z.int().min(1) })
export const nackRequestSchema = leasedEventsSchema.extend({
  /** Why it failed, for the dead letters; without personal data. */
  reason: textSchema({ min: 1, max: 1024 }),
  /** How long to wait before the next hand-over, in milliseconds. */
  retryAfterMs: z.int().min(0),
})
export const releaseRequestSchema = leasedEventsSchema
export const deadLetterRequestSchema = leasedEventsSchema.extend({
  reason: textSchema({ min: 1, max: 1024 }),
})

export type AckRequest = Readonly<z.infer<typeof ackRequestSchema>>
export type ExtendRequest = Readonly<z.infer<typeof extendRequestSchema>>
export type NackRequest = Readonly<z.infer<typeof nackRequestSchema>>
export type ReleaseRequest = Readonly<z.infer<typeof releaseRequestSchema>>
export type DeadLetterRequest = Readonly<z.infer<typeof deadLetterRequestSchema>>

/**
 * The relay's side of the outbox, across all tenants. At-least-once hand-over, exactly-once acknowledgement,
 * effectively-once for a consumer that keeps the event id [OBX-06]. No call waits for a unit of work that is open.
 *
 * An aggregate is its type and id, whatever the tenants of its events. The same event id in two tenants is two events: a
 * token settles those that it holds.
 *
 * Every method that takes a token is all or nothing: when one named event is not held by it, nothing changes and
 * UserEngineError `STALE_LEASE` names the events that are not [OBX-03]. The token decides and not the clock: a lease that has
 * run out can still be settled or extended until somebody else claims the event. A lease never ends before its time,
 * unless the backend was restored or replaced: then every lease from before is void [CAP-06].
 * All of them throw `VALIDATION` for a malformed request, and for one beyond what the manifest allows.
 */
export interface OutboxPort {
  /**
   * Leases the next events to one consumer [OBX-02]; a claim that finds none has a token as well. An event whose attempts
   * are used up goes to the dead letters instead, with the reason `lease expired` [OBX-07]. No event is handed over while an earlier one of its aggregate is leased elsewhere or waits
   * for its retry [OBX-05].
   */
  claim(request: ClaimRequest): Promise<OutboxLease>
  /** Settles events for good [OBX-06]. */
  ack(request: AckRequest): Promise<void>
  /** Lets the lease of these events run for `leaseMs` from now. */
  extend(request: ExtendRequest): Promise<{ readonly expiresAt: Instant }>
  /**
   * Gives events back that were tried and failed. They are handed over again after `retryAfterMs`, or go to the dead letters
   * when their attempts are used up [OBX-07]; returns the ids of the latter.
   */
  nack(request: NackRequest): Promise<{ readonly deadLettered: readonly Id[] }>
  /**
   * Gives events back that nobody has tried, as if this claim had not been: due at once and in their place, with the same
   * `attempt` at the next hand-over; never to the dead letters, also at the last attempt [OBX-10].
   */
  release(request: ReleaseRequest): Promise<void>
  /** Moves events to the dead letters at once. */
  deadLetter(request: DeadLetterRequest): Promise<void>
  /** The dead letters, the earliest first [OBX-07, QRY-01]. */
  listDeadLetters(page?: PageRequest): Promise<Page<DeadLetter>>
  /** Makes a dead letter pending again, with no attempt counted. @throws UserEngineError `NOT_FOUND`. */
  replay(request: { readonly eventId: Id }): Promise<void>
  /** Pending, leased, dead, oldest age, and what blocks [OBX-09]. */
  stats(): Promise<OutboxStats>
}
