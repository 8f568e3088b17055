import type { SinkDelivery } from '../relay/outbox-sink.ts'

/** A delivery for a sink that is called without a relay; by default one that is never told to give up. */
export function deliveryOf(signal: AbortSignal = new AbortController().signal): SinkDelivery {
  return { signal }
}
