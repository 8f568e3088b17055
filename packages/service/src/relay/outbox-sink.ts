import type { JsonObject } from '@user-engine/store-protocol'
import type { CloudEvent } from 'cloudevents'

/**
 * Where the relay delivers events to. `deliver` resolves when the receiver has taken the event over for good; only then
 * is it acknowledged [OBX-06]. It may see an event again, after a failure of its own or of the relay: a receiver that
 * must act once keeps the event's id.
 *
 * When `deliver` rejects, the event is delivered again later. A rejection whose error has `permanent: true`, as a
 * {@link DeliveryFailure} may, says that trying again is of no use: the event goes to the dead letters at once.
 */
export interface OutboxSink {
  /** A short name for logs and metrics. */
  readonly name: string
  deliver(event: CloudEvent<JsonObject>): Promise<void>
}
