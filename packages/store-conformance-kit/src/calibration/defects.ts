// The ways in which stores lose races, each let in at the calls themselves: whatever the store below does about
// concurrency, these calls come too early, too late or together. Other processes know a defect by its name.
import { setImmediate as turn } from 'node:timers/promises'
import {
  isUserEngineError,
  type OutboxLease,
  type User,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import { changeOutbox, changeTransactions, override, quietly } from '../decorate.ts'

/** A way in which a store loses a race on purpose. */
export interface Defect {
  readonly name: string
  /** What such a store does, as the rest of a sentence that begins with it. */
  readonly does: string
  /** Gives instances on one backend the defect; what they remember together is made anew by every call. */
  breakStores(): (store: UserEngineStore) => UserEngineStore
}

export const NOTES_KEYS_AFTERWARDS: Defect = {
  name: 'notes-keys-afterwards',
  does: 'looks for an idempotency key before the work and notes it after the commit',
  breakStores() {
    const results = new Map<string, unknown>()
    return (store) =>
      override(store, {
        async transact(scope, work, { idempotency, ...options } = {}) {
          if (idempotency === undefined) return await store.transact(scope, work, options)
          const name = JSON.stringify([scope, idempotency.key])
          if (results.has(name)) return results.get(name) as never
          const result = await store.transact(scope, work, options)
          results.set(name, result)
          return result
        },
      })
  },
}

export const WRITES_OVER_CHANGES: Defect = {
  name: 'writes-over-changes',
  does: 'answers reads of users from a cache while transactions run, and takes any version for the expected one',
  breakStores() {
    const cache = new Map<string, Promise<User | null>>()
    let running = 0
    return (store) => {
      const cached = changeTransactions(store, (tx) => ({
        users: override(tx.users, {
          get(id) {
            const seen = cache.get(id) ?? tx.users.get(id)
            cache.set(id, seen)
            return seen
          },
          update: (change) =>
            quietly(
              (async () => {
                const current = await tx.users.get(change.id)
                const expectedVersion = current?.version ?? change.expectedVersion
                return await tx.users.update({ ...change, expectedVersion })
              })(),
            ),
        }),
      }))
      return override(cached, {
        async transact(scope, work, options) {
          running += 1
          try {
            return await cached.transact(scope, work, options)
          } finally {
            running -= 1
            if (running === 0) cache.clear()
          }
        },
      })
    }
  },
}

export const READS_PIECE_BY_PIECE: Defect = {
  name: 'reads-piece-by-piece',
  does: 'gives every statement of a read a snapshot of its own',
  breakStores: () => (store) =>
    override(store, {
      read: async (scope, work) =>
        await store.read(scope, async (reader) => {
          const anew = <Role extends object>(role: Role, name: string): Role =>
            new Proxy(role, {
              get: (original, key) => {
                const member: unknown = Reflect.get(original, key, original)
                if (typeof member !== 'function') return member
                return (...args: readonly unknown[]) =>
                  store.read(scope, (own) => Reflect.get(Reflect.get(own, name), key)(...args))
              },
            })
          return await work(
            override(reader, {
              users: anew(reader.users, 'users'),
              memberships: anew(reader.memberships, 'memberships'),
              audit: anew(reader.audit, 'audit'),
              outbox: anew(reader.outbox, 'outbox'),
              countRecords: () => store.read(scope, (own) => own.countRecords()),
            }),
          )
        }),
    }),
}

export const ACKNOWLEDGES_EARLY: Defect = {
  name: 'acknowledges-early',
  does: 'acknowledges transactions at once and commits them some turns later',
  breakStores() {
    const commits = new Set<Promise<unknown>>()
    let calls = 0
    return (store) =>
      override(store, {
        async transact(scope, work, options) {
          calls += 1
          const turns = calls % 7
          const commit = (async () => {
            for (let count = 0; count < turns; count++) await turn()
            await store.transact(scope, work, options)
          })()
          commits.add(quietly(commit))
          return undefined as never
        },
        async read(scope, work) {
          await Promise.all(commits)
          return await store.read(scope, work)
        },
      })
  },
}

export const HANDS_OUT_TWICE: Defect = {
  name: 'hands-out-twice',
  does: 'hands out to a claim what another one is just being given as well',
  breakStores() {
    let running: Promise<OutboxLease> | null = null
    return (store) =>
      changeOutbox(store, (outbox) => ({
        async claim(request) {
          const other = running
          const own = outbox.claim(request)
          running ??= own
          try {
            const [lease, also] = await Promise.all([own, other])
            return also === null ? lease : { ...lease, deliveries: [...also.deliveries, ...lease.deliveries] }
          } finally {
            if (running === own) running = null
          }
        },
      }))
  },
}

export const DRAWS_A_TOKEN_TWICE: Defect = {
  name: 'draws-a-token-twice',
  does: 'gives claims that run at once one token',
  breakStores() {
    let running: Promise<OutboxLease> | null = null
    return (store) =>
      changeOutbox(store, (outbox) => ({
        async claim(request) {
          const other = running
          const own = outbox.claim(request)
          running ??= own
          try {
            const [lease, also] = await Promise.all([own, other])
            return also === null ? lease : { ...lease, token: also.token }
          } finally {
            if (running === own) running = null
          }
        },
      }))
  },
}

export const ACCEPTS_ACKS_AT_ONCE: Defect = {
  name: 'accepts-acks-at-once',
  does: 'accepts an acknowledgement while the same one is being made',
  breakStores() {
    const running = new Map<string, Promise<void>>()
    return (store) =>
      changeOutbox(store, (outbox) => ({
        async ack(request) {
          const name = JSON.stringify(request)
          const other = running.get(name)
          if (other !== undefined) return await other
          const own = outbox.ack(request)
          running.set(name, own)
          try {
            await own
          } finally {
            running.delete(name)
          }
        },
      }))
  },
}

export const LOSES_WHAT_OVERLAPS: Defect = {
  name: 'loses-what-overlaps',
  does: 'settles by itself what it should hand out to a claim, when another one comes before it has answered',
  breakStores() {
    let latest = 0
    return (store) =>
      changeOutbox(store, (outbox) => ({
        async claim(request) {
          latest += 1
          const own = latest
          const lease = await outbox.claim(request)
          await turn()
          if (latest === own || lease.deliveries.length === 0) return lease
          const eventIds = lease.deliveries.map(({ event }) => event.id)
          await outbox.ack({ token: lease.token, eventIds })
          return { ...lease, deliveries: [] }
        },
      }))
  },
}

export const KEEPS_LEASES_TO_ITSELF: Defect = {
  name: 'keeps-leases-to-itself',
  does: 'knows in its own process only what it has handed out',
  breakStores: () => (store) =>
    changeOutbox(store, (outbox) => ({
      async claim(request) {
        const lease = await outbox.claim(request)
        if (lease.deliveries.length === 0) return lease
        const eventIds = lease.deliveries.map(({ event }) => event.id)
        await outbox.release({ token: lease.token, eventIds })
        return lease
      },
    })),
}

const LOSSES: ReadonlySet<string> = new Set([
  ...['DUPLICATE_IDENTITY', 'DUPLICATE_KEY', 'VERSION_CONFLICT', 'NOT_FOUND', 'SERIALIZATION_CONFLICT'],
])

export const CHECKS_TOO_EARLY: Defect = {
  name: 'checks-too-early',
  does: 'checks keys and versions before the work and not again, so that it overlooks what others commit meanwhile',
  breakStores() {
    let commits = 0
    return (store) =>
      override(store, {
        async transact(scope, work, options) {
          const before = commits
          try {
            const result = await store.transact(scope, work, options)
            commits += 1
            return result
          } catch (error) {
            if (commits > before && isUserEngineError(error) && LOSSES.has(error.code))
              return undefined as never
            throw error
          }
        },
      })
  },
}

/** Every defect, for whoever knows one by its name. */
export const DEFECTS: readonly Defect[] = [
  NOTES_KEYS_AFTERWARDS,
  WRITES_OVER_CHANGES,
  READS_PIECE_BY_PIECE,
  ACKNOWLEDGES_EARLY,
  HANDS_OUT_TWICE,
  DRAWS_A_TOKEN_TWICE,
  ACCEPTS_ACKS_AT_ONCE,
  LOSES_WHAT_OVERLAPS,
  KEEPS_LEASES_TO_ITSELF,
  CHECKS_TOO_EARLY,
]
