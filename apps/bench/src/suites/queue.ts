import { newId } from '../data/world.ts'

/** A queue that can be filled up and emptied by consumers. */
export interface Queue {
  /** Brings what waits to at least this many. */
  fill(count: number): Promise<void>
  /** Takes one batch and settles it; says how many it was. */
  take(consumer: number, batch: number): Promise<number>
  close(): Promise<void>
}

/** What a job of the other queues carries: as much as an event. */
export function jobPayload(index: number): object {
  return { id: newId(), type: 'user-engine.user.updated', payload: { userId: newId(), version: index } }
}
