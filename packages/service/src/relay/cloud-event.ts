import type { JsonObject, OutboxEvent } from '@user-engine/store-protocol'
import { CloudEvent, type CloudEventV1 } from 'cloudevents'

/** Where events say they come from, unless told otherwise. */
export const DEFAULT_EVENT_SOURCE = '/user-engine'

/**
 * Puts an event into its CloudEvents 1.0 envelope. `id` is the event's id, by which a receiver recognises an event it
 * has seen; `subject` is `<aggregateType>/<aggregateId>`, whose events arrive in the order of their commits [OBX-05];
 * `dataschema` names the shape of the payload. The extensions `tenantid`, `correlationid` and `causationid` are absent
 * where the event has none.
 */
export function toCloudEvent(
  event: OutboxEvent,
  { source }: { readonly source: string },
): CloudEvent<JsonObject> {
  const { tenantId, correlationId, causationId } = event
  const envelope: CloudEventV1<JsonObject> = {
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
  return new CloudEvent(envelope)
}
