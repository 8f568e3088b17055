import type { OutboxCloudEvent } from './cloud-event.ts'

/** One hand-over of one event to a sink. */
export interface SinkDelivery {
  /** Aborted when the relay waits no longer; the sink then gives up soon and rejects. */
  readonly signal: AbortSignal
}

/**
 * Where the relay delivers events to. `deliver` resolves when the receiver has taken the event over for good; only then
 * is it acknowledged [OBX-06]. It may see an event again, after a failure of its own or of the relay: a receiver that
 * must act once keeps `tenantid` and `id` of the event.
 *
 * The relay calls it for several aggregates at once, and for one aggregate only when the event before has been settled
 * [OBX-05]. When `deliver` rejects, the event is delivered again later. A rejection whose error has `permanent: true`, as
 * a {@link DeliveryFailure} may, says that trying again is of no use: the event goes to the dead letters at once.
 *
 * A delivery that does not end when its signal is aborted keeps its place among those that run at once, so that a sink
 * that hangs is never given more than the relay's concurrency. What a sink connects to is closed by whoever opened it.
 *
 * `@user-engine/service/sink-conformance` has the cases that every sink must pass.
 */
export interface OutboxSink {
  /** A short name for logs and metrics. */
  readonly name: string
  deliver(event: OutboxCloudEvent, delivery: SinkDelivery): Promise<void>
}
