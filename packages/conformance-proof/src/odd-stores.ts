// Stores that do something unusual and break no rule: the kit must not hold a habit for a law.
import { setImmediate as turn } from 'node:timers/promises'
import { changeOutbox, changeReaders, override, quietly } from '@user-engine/store-conformance-kit'
import { createMemoryBackend, createMemoryStore } from '@user-engine/store-memory'
import {
  deepFreeze,
  type StoreTransaction,
  UserEngineError,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import type { OddStore } from './store-under-proof.ts'

/** The store with another manifest. */
function declare(store: UserEngineStore, changes: object): UserEngineStore {
  return override(store, { capabilities: deepFreeze({ ...structuredClone(store.capabilities), ...changes }) })
}

/** How deep every store must nest [TXN-05]. */
const LEAST_NESTING = 8

/** A transaction that refuses to nest deeper than it must. */
function limitDepth(tx: StoreTransaction, depth: number): StoreTransaction {
  return override(tx, {
    transact: (work) =>
      depth < LEAST_NESTING
        ? tx.transact((nested) => work(limitDepth(nested, depth + 1)))
        : quietly(
            Promise.reject(new UserEngineError('NOT_SUPPORTED', { capability: 'transactions.maxNesting' })),
          ),
  })
}

export const ODD_STORES: readonly OddStore[] = [
  {
    id: 'alone',
    title: 'instances that share nothing, and say so',
    open: () => {
      const store = createMemoryStore({ backend: createMemoryBackend() })
      const { durability } = store.capabilities
      return declare(store, { durability: { ...durability, shared: false } })
    },
  },
  {
    id: 'few-attempts',
    title: 'a single attempt for every event, batches of 500 and leases of at most a minute',
    open: (backend) =>
      createMemoryStore({ backend, outbox: { maxAttempts: 1, maxBatch: 500, maxLeaseMs: 60_000 } }),
  },
  {
    id: 'slow',
    title: 'answers that take a turn of the event loop',
    open: (backend) => {
      const store = createMemoryStore({ backend })
      return override(store, {
        readiness: async () => {
          await turn()
          return await store.readiness()
        },
        recordDenial: async (scope, record) => {
          await turn()
          await store.recordDenial(scope, record)
        },
        outbox: override(store.outbox, {
          claim: async (request) => {
            await turn()
            const lease = await store.outbox.claim(request)
            await turn()
            return lease
          },
        }),
      })
    },
  },
  {
    id: 'fresh-copies',
    title: 'answers that are copied anew every time',
    open: (backend) =>
      changeReaders(createMemoryStore({ backend }), (reader) => ({
        users: override(reader.users, { get: async (id) => structuredClone(await reader.users.get(id)) }),
      })),
  },
  {
    id: 'opaque-cursors',
    title: 'cursors in a form of its own',
    open: (backend) => {
      const store = createMemoryStore({ backend })
      const seal = (cursor: string | null) => (cursor === null ? null : Buffer.from(cursor).toString('hex'))
      return changeReaders(store, (reader) => ({
        users: override(reader.users, {
          list: async (page) => {
            const isSealed = /^(?:[0-9a-f]{2})+$/.test(page?.cursor ?? '')
            const cursor = isSealed ? Buffer.from(page?.cursor ?? '', 'hex').toString() : page?.cursor
            const found = await reader.users.list(cursor === undefined ? page : { ...page, cursor })
            return { ...found, nextCursor: seal(found.nextCursor) }
          },
        }),
      }))
    },
  },
  {
    id: 'other-name',
    title: 'another name, version and retention in its manifest',
    open(backend) {
      const named = { name: 'odd', version: '0.0.0-odd.1' }
      const store = createMemoryStore({ backend })
      const renamed = override(store, {
        diagnostics: async () => ({ ...(await store.diagnostics()), store: named }),
      })
      return declare(renamed, { store: named, idempotency: { retentionMs: 86_400_000 } })
    },
  },
  {
    id: 'shallow-nesting',
    title: 'the least depth of nesting that is allowed',
    open: (backend) => {
      const store = createMemoryStore({ backend })
      const { transactions } = store.capabilities
      const limited = override(store, {
        transact: (scope, work, options) => store.transact(scope, (tx) => work(limitDepth(tx, 0)), options),
      })
      return declare(limited, { transactions: { ...transactions, maxNesting: LEAST_NESTING } })
    },
  },
  {
    id: 'more-to-say',
    title: 'more readiness checks and further members in its diagnostics',
    open: (backend) => {
      const store = createMemoryStore({ backend })
      return override(store, {
        readiness: async () => {
          const { status, checks } = await store.readiness()
          const weather = {
            code: 'weather.fair',
            status: 'pass',
            summary: 'The sun shines.',
            remedy: null,
          } as const
          return { status, checks: [...checks, weather] }
        },
        diagnostics: async () => ({ ...(await store.diagnostics()), uptimeMs: 5 }) as never,
      })
    },
  },
  {
    id: 'sparing',
    title: 'fewer events in a lease than were asked for',
    open: (backend) =>
      changeOutbox(createMemoryStore({ backend }), (outbox) => ({
        claim: (request) => outbox.claim(request),
      })),
  },
]
