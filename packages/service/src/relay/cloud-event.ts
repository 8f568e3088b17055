import type { JsonObject, OutboxEvent } from '@user-engine/store-protocol'
import { CloudEvent } from 'cloudevents'

/** Where events say they come from, unless told otherwise. */
export const DEFAULT_EVENT_SOURCE = '/user-engine'

/** The media type of an event in the JSON format of CloudEvents. */
export const STRUCTURED_CONTENT_TYPE = 'application/cloudevents+json; charset=utf-8'

/**
 * An event in its CloudEvents 1.0 envelope, as plain JSON-safe data: `JSON.stringify` of it is the JSON format of
 * CloudEvents, and `new CloudEvent(event)` of the SDK takes it for every other binding. The payload is shared with
 * other deliveries: a sink changes nothing of it.
 */
export type OutboxCloudEvent = {
  readonly specversion: '1.0'
  /** The event's id, the same at every delivery: a receiver knows an event it has seen by `tenantid` and `id`. */
  readonly id: string
  readonly source: string
  readonly type: string
  /** `<aggregateType>/<aggregateId>`, whose events arrive in the order of their commits [OBX-05]. */
  readonly subject: string
  readonly time: string
  readonly datacontenttype: 'application/json'
  /** Names the shape of the payload. */
  readonly dataschema: string
  readonly data: JsonObject
  /** Absent for an event of the platform. */
  readonly tenantid?: string
  readonly correlationid?: string
  readonly causationid?: string
}

/**
 * Puts an event into its CloudEvents 1.0 envelope. The extensions `tenantid`, `correlationid` and `causationid` are
 * absent where the event has none.
 */
export function toCloudEvent(event: OutboxEvent, { source }: { readonly source: string }): OutboxCloudEvent {
  const { tenantId, correlationId, causationId } = event
  // Plain data: the SDK's class costs twenty times as much, and everything but the source is valid by the contract.
  return {
    specversion: '1.0',
    id: event.id,
    source,
    type: event.type,
    subject: `${event.aggregateType}/${event.aggregateId}`,
    time: event.occurredAt,
    datacontenttype: 'application/json',
    dataschema: `urn:user-engine:event:${encodeURIComponent(event.type)}:${event.schemaVersion}`,
    data: event.payload,
    ...(tenantId === null ? {} : { tenantid: tenantId }),
    ...(correlationId === null ? {} : { correlationid: correlationId }),
    ...(causationId === null ? {} : { causationid: causationId }),
  }
}

/** Whether a text can be the `source` of CloudEvents: a URI reference that is not empty. */
export function isEventSource(source: string): boolean {
  try {
    return new CloudEvent({ id: 'probe', type: 'probe', source }).source === source
  } catch {
    return false
  }
}
