import type { OutboxCloudEvent } from '../relay/cloud-event.ts'
import type { OutboxSink } from '../relay/outbox-sink.ts'
import type { ReceiverMode, SinkReceiver } from './sink-harness.ts'

/** How long a sink is watched for what it must not do. */
export const WATCHED_MS = 250
/** How long a sink may take to give up when it is told to. */
export const GIVES_UP_WITHIN_MS = 2_000

/** How a delivery ended. */
export type DeliveryEnd =
  | { readonly status: 'taken' }
  | { readonly status: 'failed'; readonly error: unknown }
  /** It had not ended when its time was over, and it has been told to give up. */
  | { readonly status: 'open'; readonly end: Promise<DeliveryEnd> }

/** What a case works with. */
export interface SinkCaseContext {
  readonly sink: OutboxSink
  readonly receiver: SinkReceiver
  /** How long the sink may take to deliver again when its receiver is back. */
  readonly backWithinMs: number
  /** Delivers an event and tells the sink to give up after `withinMs`; default 10,000. Never rejects. */
  deliver(event: OutboxCloudEvent, withinMs?: number): Promise<DeliveryEnd>
  /** Delivers an event that the sink must be able to deliver. */
  mustDeliver(event: OutboxCloudEvent): Promise<void>
  /**
   * Delivers an event that the sink must fail to deliver, at the latest when it is told to give up after `withinMs`;
   * default 10,000. Returns its error.
   */
  mustFail(event: OutboxCloudEvent, withinMs?: number): Promise<unknown>
}

/** One conformance case of sinks, as data. */
export interface SinkCase {
  /** Says what it shows: stable, never reused. */
  readonly id: string
  /** What a sink does, as a sentence. */
  readonly title: string
  /** How the receiver must be able to behave for it, beyond taking events over. */
  readonly modes: readonly ReceiverMode[]
  /** @throws Error with what was expected and what was seen. */
  run(context: SinkCaseContext): Promise<void>
}
