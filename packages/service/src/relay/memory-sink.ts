import type { JsonObject } from '@user-engine/store-protocol'
import type { CloudEvent } from 'cloudevents'
import type { OutboxSink } from './outbox-sink.ts'

/** A sink that keeps what it is given, for tests and development. */
export interface MemorySink extends OutboxSink {
  /** Everything delivered so far, in the order it arrived; an event that was delivered twice is here twice. */
  readonly events: readonly CloudEvent<JsonObject>[]
}

/** Creates a sink that takes every event and keeps it in memory, without a bound. */
export function createMemorySink(name = 'memory'): MemorySink {
  const events: CloudEvent<JsonObject>[] = []
  return {
    name,
    events,
    async deliver(event) {
      events.push(event)
    },
  }
}
