import type { OutboxEvent, TenantId } from '@user-engine/store-protocol'
import { createFieldArrays } from './field-arrays.ts'

/** The events of one tenant or of the platform, each with its place in the commit order of all events. */
export interface PackedEvents {
  readonly length: number
  append(event: OutboxEvent, sequence: number): void
  /** The event at a position, made anew. */
  at(position: number): OutboxEvent
  idAt(position: number): OutboxEvent['id']
  sequenceAt(position: number): number
  headAt(position: number): EventHead
}

/** What the hand-over of an event goes by. */
export interface EventHead extends Pick<OutboxEvent, 'id' | 'aggregateType' | 'aggregateId'> {
  /** Its place in the commit order of all events. */
  readonly sequence: number
}

export function createPackedEvents(tenantId: TenantId | null): PackedEvents {
  return new EventFields(tenantId)
}

const FIELDS = 10

class EventFields implements PackedEvents {
  readonly #tenantId: TenantId | null
  readonly #fields = createFieldArrays(FIELDS)

  constructor(tenantId: TenantId | null) {
    this.#tenantId = tenantId
  }

  get length(): number {
    return this.#fields.length
  }

  append(event: OutboxEvent, sequence: number): void {
    const { array, start } = this.#fields.append()
    array[start] = event.id
    array[start + 1] = sequence
    array[start + 2] = event.aggregateType
    array[start + 3] = event.aggregateId
    array[start + 4] = event.type
    array[start + 5] = event.schemaVersion
    array[start + 6] = event.payload
    array[start + 7] = event.occurredAt
    array[start + 8] = event.correlationId
    array[start + 9] = event.causationId
  }

  at(position: number): OutboxEvent {
    const { array, start } = this.#fields.at(position)
    return Object.freeze({
      id: array[start],
      tenantId: this.#tenantId,
      aggregateType: array[start + 2],
      aggregateId: array[start + 3],
      type: array[start + 4],
      schemaVersion: array[start + 5],
      payload: array[start + 6],
      occurredAt: array[start + 7],
      correlationId: array[start + 8],
      causationId: array[start + 9],
    } as OutboxEvent)
  }

  idAt(position: number): OutboxEvent['id'] {
    const { array, start } = this.#fields.at(position)
    return array[start] as OutboxEvent['id']
  }

  sequenceAt(position: number): number {
    const { array, start } = this.#fields.at(position)
    return array[start + 1] as number
  }

  headAt(position: number): EventHead {
    const { array, start } = this.#fields.at(position)
    return {
      id: array[start],
      sequence: array[start + 1],
      aggregateType: array[start + 2],
      aggregateId: array[start + 3],
    } as EventHead
  }
}
