import type { OutboxSink } from '../relay/outbox-sink.ts'

/**
 * How a receiver behaves: it takes events over; it refuses them for now; it refuses them for good; it is there and never
 * answers; it cannot be reached.
 */
export type ReceiverMode = 'taking' | 'refusing' | 'refusing-for-good' | 'silent' | 'away'

/** The real receiver behind a sink, in the hands of the cases. */
export interface SinkReceiver {
  /**
   * What it has taken over since it was opened, in the order of arrival, each as the JSON of its CloudEvents envelope:
   * read from the receiver, not from the sink. What it sees again it may drop.
   */
  received(): Promise<readonly object[]>
  /** Behaves like this from now on; resolves when it does. */
  become(mode: ReceiverMode): Promise<void>
}

/** A sink and its receiver, for one case. */
export interface OpenedSink {
  readonly sink: OutboxSink
  readonly receiver: SinkReceiver
  /** Takes both away, in whichever mode the receiver is. */
  close(): Promise<void>
}

/** What a sink's author writes. */
export interface SinkHarness {
  /** The name of the sink, for reports. */
  readonly name: string
  /** Opens a sink and an empty receiver that takes events over. */
  open(): Promise<OpenedSink>
  /** How long the sink may take to deliver again when its receiver is back, in milliseconds; default 20,000. */
  readonly backWithinMs?: number
  /** Why the receiver cannot behave in some ways; the cases about them are skipped for this reason. */
  readonly cannot?: { readonly [Mode in 'refusing-for-good' | 'away']?: string }
}
