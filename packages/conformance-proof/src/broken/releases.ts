import { changeOutbox } from '@user-engine/store-conformance-kit'
import type { OutboxPort, ReleaseRequest, UserEngineStore } from '@user-engine/store-protocol'
import { type BrokenStore, broken } from '../store-under-proof.ts'

type Release = OutboxPort['release']

/** Does something else with what is released of events at one of these attempts, and leaves the others to the store. */
function releaseLike(
  store: UserEngineStore,
  isMeant: (attempt: number) => boolean,
  change: (outbox: OutboxPort) => Release,
): UserEngineStore {
  const attempts = new Map<string, number>()
  return changeOutbox(store, (outbox) => ({
    async claim(request) {
      const lease = await outbox.claim(request)
      for (const { event, attempt } of lease.deliveries) attempts.set(event.id, attempt)
      return lease
    },
    async release(request) {
      if (request.eventIds.every((id) => isMeant(attempts.get(id) ?? 0))) await change(outbox)(request)
      else await outbox.release(request)
    },
  }))
}

const lastAttemptOf = ({ capabilities }: UserEngineStore) => capabilities.outbox.maxAttempts

export const BROKEN_RELEASES: readonly BrokenStore[] = [
  broken('OBX-10', 'releases-count', 'counts an attempt for what is released', (store) =>
    releaseLike(
      store,
      (attempt) => attempt > 0 && attempt < lastAttemptOf(store),
      (outbox) => async (request) => {
        await outbox.nack({ ...request, reason: 'released', retryAfterMs: 0 })
      },
    ),
  ),
  broken('OBX-10', 'releases-begin-anew', 'counts no attempt any more for what is released', (store) =>
    releaseLike(
      store,
      (attempt) => attempt > 1,
      (outbox) => async (request) => {
        await outbox.deadLetter({ ...request, reason: 'released' })
        for (const eventId of request.eventIds) await outbox.replay({ eventId })
      },
    ),
  ),
  broken('OBX-10', 'last-attempt-is-buried', 'buries what is released at its last attempt', (store) =>
    releaseLike(
      store,
      (attempt) => attempt === lastAttemptOf(store),
      (outbox) => (request) => outbox.deadLetter({ ...request, reason: 'released' }),
    ),
  ),
  broken('OBX-10', 'released-are-overtaken', 'hands later events of an aggregate over first', (store) => {
    const released: string[] = []
    return changeOutbox(store, (outbox) => ({
      async release(request: ReleaseRequest) {
        await outbox.deadLetter({ ...request, reason: 'released' })
        released.push(...request.eventIds)
      },
      async claim(request) {
        const lease = await outbox.claim(request)
        if (released.length === 0 || lease.deliveries.length > 0) return lease
        for (const eventId of released.splice(0)) await outbox.replay({ eventId })
        return await outbox.claim(request)
      },
    }))
  }),
  broken('OBX-10', 'released-is-held', 'lets what is released wait for the end of its lease', (store) =>
    releaseLike(
      store,
      (attempt) => attempt > 0,
      (outbox) => async (request) => {
        await outbox.extend({ ...request, leaseMs: store.capabilities.outbox.maxLeaseMs })
      },
    ),
  ),
]
