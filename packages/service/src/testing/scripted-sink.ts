import type { OutboxSink } from '../relay/outbox-sink.ts'

/** A sink whose answers are in a test's hands. */
export interface ScriptedSink extends OutboxSink {
  /** The ids of the events it was handed, in order, failed ones as well. */
  readonly handed: string[]
  /** The ids of the events it took over, in order. */
  readonly taken: string[]
  /** How many deliveries are under way. */
  readonly busy: number
  /** How many were under way at once at most. */
  readonly busiest: number
  /** Makes the next deliveries of an event fail. */
  failFor(eventId: string, ...errors: readonly unknown[]): void
  /** Keeps every delivery waiting until the returned function is called. */
  hold(): () => void
}

export function createScriptedSink(): ScriptedSink {
  const handed: string[] = []
  const taken: string[] = []
  const failures = new Map<string, unknown[]>()
  let gate: Promise<void> = Promise.resolve()
  let busy = 0
  let busiest = 0
  return {
    name: 'scripted',
    handed,
    taken,
    get busy() {
      return busy
    },
    get busiest() {
      return busiest
    },
    failFor: (eventId, ...errors) => void failures.set(eventId, [...errors]),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return resolve
    },
    async deliver({ id }) {
      handed.push(id)
      busy += 1
      busiest = Math.max(busiest, busy)
      try {
        await gate
        const queued = failures.get(id) ?? []
        if (queued.length > 0) throw queued.shift()
        taken.push(id)
      } finally {
        busy -= 1
      }
    },
  }
}
