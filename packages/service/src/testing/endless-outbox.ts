import type { OutboxEvent, OutboxPort } from '@user-engine/store-protocol'
import { createIdGenerator } from '../ports/id-generator.ts'
import { EVENT } from './outbox-event.ts'

/** An outbox whose backlog never ends and which keeps nothing itself: what grows beside it is the relay's. */
export interface EndlessOutbox extends OutboxPort {
  /** How many events it has handed over. */
  readonly claimed: number
  /** How many of them were neither acknowledged nor given back. */
  readonly outstanding: number
  /** The most there were at once. */
  readonly mostOutstanding: number
}

const PAYLOAD_CHARACTERS = 2_000

export function createEndlessOutbox(): EndlessOutbox {
  const ids = createIdGenerator()
  let token = 0
  let claimed = 0
  let settled = 0
  let mostOutstanding = 0
  const makeEvent = (): OutboxEvent => ({
    ...EVENT,
    id: ids.next(),
    aggregateId: ids.next(),
    payload: { text: `${claimed}`.padEnd(PAYLOAD_CHARACTERS, ' .') },
  })
  const settle = async ({ eventIds }: { readonly eventIds: readonly string[] }) => {
    settled += eventIds.length
  }
  const never = async () => {
    throw new Error('a relay does not ask for this here')
  }
  return {
    get claimed() {
      return claimed
    },
    get outstanding() {
      return claimed - settled
    },
    get mostOutstanding() {
      return mostOutstanding
    },
    async claim({ consumer, limit, leaseMs }) {
      // As a store would: an answer takes a turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve))
      token++
      const deliveries = Array.from({ length: limit }, () => ({ event: makeEvent(), attempt: 1 }))
      claimed += limit
      mostOutstanding = Math.max(mostOutstanding, claimed - settled)
      return { token, consumer, expiresAt: new Date(Date.now() + leaseMs).toISOString(), deliveries }
    },
    ack: settle,
    async nack(request) {
      await settle(request)
      return { deadLettered: [] }
    },
    release: settle,
    deadLetter: settle,
    extend: async ({ leaseMs }) => ({ expiresAt: new Date(Date.now() + leaseMs).toISOString() }),
    replay: never,
    listDeadLetters: never,
    stats: never,
  }
}
