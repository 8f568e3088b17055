import type { EventPayload, EventType } from '../events/event-definitions.ts'
import type { OutboxCloudEvent } from './cloud-event.ts'
import type { OutboxSink, SinkDelivery } from './outbox-sink.ts'

/** An event of one type, with the payload of that type. */
export type TypedCloudEvent<Type extends EventType> = Omit<OutboxCloudEvent, 'type' | 'data'> & {
  readonly type: Type
  readonly data: EventPayload<Type>
}

/**
 * Takes an event over: resolves when its work is done for good, rejects when the event shall come again. It may see an
 * event more than once, and gives up when the delivery's signal is aborted.
 */
export type EventHandler<Event = OutboxCloudEvent> = (
  event: Event,
  delivery: SinkDelivery,
) => void | Promise<void>

/** Who takes which events over. */
export interface InProcessSinkOptions {
  /** One handler for an event type. */
  readonly handlers?: { readonly [Type in EventType]?: EventHandler<TypedCloudEvent<Type>> }
  /** Takes every event whose type has no handler. Without it such events are taken over and dropped. */
  readonly otherwise?: EventHandler
  /** A short name for logs and metrics; default `in-process`. */
  readonly name?: string
}

/** A sink that hands events to functions of the same process: projections, caches, and tests. */
export function createInProcessSink({
  handlers = {},
  otherwise = () => {},
  name = 'in-process',
}: InProcessSinkOptions): OutboxSink {
  const byType = new Map(Object.entries(handlers)) as Map<string, EventHandler>
  return {
    name,
    async deliver(event, delivery) {
      delivery.signal.throwIfAborted()
      const handle = byType.get(event.type) ?? otherwise
      await handle(event, delivery)
    },
  }
}
