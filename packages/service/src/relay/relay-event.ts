import type { ErrorCode, Id, OutboxDelivery } from '@user-engine/store-protocol'

/** Names one delivery, without anything of its payload. */
export interface DeliveryNames {
  readonly eventId: Id
  readonly type: string
  /** 1 at the first hand-over, one higher at every later one [OBX-04], but for what was given back untried [OBX-10]. */
  readonly attempt: number
}

/** What the relay tells its hook, for logs and metrics: ids, counts, codes and times, never payloads [DIA-02]. */
export type RelayEvent =
  /** A batch was leased. */
  | { readonly kind: 'claimed'; readonly token: number; readonly count: number; readonly durationMs: number }
  /** The sink took an event over; the acknowledgement follows. */
  | (DeliveryNames & { readonly kind: 'delivered'; readonly durationMs: number })
  /** Events were settled for good. */
  | { readonly kind: 'acknowledged'; readonly count: number; readonly durationMs: number }
  /** The sink did not take an event over; it is tried again after `retryAfterMs`. */
  | (DeliveryNames & { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs: number })
  /** An event was given up on. */
  | (DeliveryNames & { readonly kind: 'dead-lettered'; readonly reason: string })
  /** Events were given back untried, because an earlier one of their aggregate failed, the sink hangs, or the relay stops [OBX-10]. */
  | { readonly kind: 'released'; readonly count: number; readonly reason: string }
  /** Nothing was settled about these events: their lease was over, or the store could not be told. They come again. */
  | { readonly kind: 'lease-lost'; readonly eventIds: readonly Id[] }
  /** Every delivery that may run is past its time limit and the sink lets go of none: nothing is claimed until it does. */
  | { readonly kind: 'sink-stalled'; readonly deliveries: number }
  /** So many deliveries in a row found the receiver unavailable: after a pause a single event is tried. */
  | { readonly kind: 'receiver-away'; readonly failures: number; readonly pauseMs: number }
  /** It answers again. */
  | { readonly kind: 'receiver-back' }
  /** The store did not do what it was asked; `null` is an error of no code. */
  | { readonly kind: 'store-failed'; readonly operation: StoreOperation; readonly code: ErrorCode | null }
  /** The relay ended by itself, because trying again is of no use: the store is closed, or the options are wrong. */
  | { readonly kind: 'ended'; readonly code: ErrorCode }

export type StoreOperation = 'claim' | 'ack' | 'extend' | 'nack' | 'release' | 'dead-letter'

/** Is told what the relay does. What it throws is dropped: telling must not stop delivering. */
export type RelayHook = (event: RelayEvent) => void

/** How one batch ended. */
export interface RelayReport {
  readonly claimed: number
  /** Taken over by the sink. */
  readonly delivered: number
  /** Refused by the sink, to be tried again. */
  readonly failed: number
  readonly deadLettered: number
  /** Given back untried. */
  readonly released: number
  /** Left to their lease, because it was over or the store could not be told. */
  readonly lost: number
}

/** What a relay has under its hands now, for gauges. */
export interface RelayStatus {
  /** Batches that are not settled. */
  readonly batches: number
  /** Events in them that are not settled. */
  readonly held: number
  /** Deliveries that run, overdue ones as well. */
  readonly delivering: number
  /** Deliveries past their time limit that the sink has not let go of. */
  readonly overdue: number
}

/** The names of a delivery. */
export function namesOf({ event, attempt }: OutboxDelivery): DeliveryNames {
  return { eventId: event.id, type: event.type, attempt }
}
