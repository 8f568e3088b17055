// A store that gets through the proof of the harness and hardly further: users go in and come out, members only go in.
import {
  PROTOCOL_VERSION,
  type StoreCapabilities,
  UserEngineError,
  type UserEngineStore,
} from '@user-engine/store-protocol'
import { type ConformanceHarness, defineHarness } from '../harness.ts'

export const SHALLOW_MANIFEST: StoreCapabilities = freeze({
  store: { name: 'shallow', version: '1' },
  transactions: {
    isolation: 'snapshot',
    readIsolation: 'snapshot',
    maxNesting: 8,
    deadlines: 'client',
    defaultTimeoutMs: 1_000,
    maxTimeoutMs: 1_000,
  },
  idempotency: { retentionMs: null },
  durability: { durable: false, shared: true, multiProcess: false },
  tenancy: { enforcement: 'store' },
  audit: { appendOnly: 'store' },
  outbox: { maxAttempts: 3, maxBatch: 10, maxLeaseMs: 1_000 },
  schema: { migrated: true },
})

/** A harness over it, with what a test wants to be different. */
export function createShallowHarness(changes: Partial<ConformanceHarness> = {}): ConformanceHarness {
  const worlds = new Map<string, Map<string, object>>()
  return defineHarness({
    name: 'shallow',
    async freshNamespace() {
      const namespace = `world ${worlds.size + 1}`
      worlds.set(namespace, new Map())
      return namespace
    },
    destroyNamespace: async () => {},
    reference: async () => openShallowStore(new Map()),
    open: async (namespace) => openShallowStore(worlds.get(namespace) ?? new Map()),
    migrations: {
      emptyNamespace: async () => 'empty',
      migrate: async () => ({ applied: [] }),
      damage: async () => {},
    },
    ...changes,
  })
}

function openShallowStore(users: Map<string, object>): UserEngineStore {
  let isClosed = false
  const access = async (_scope: unknown, work: (handle: unknown) => unknown) => {
    if (isClosed) throw new UserEngineError('STORE_CLOSED', {})
    return await work({
      users: {
        get: async (id: string) => users.get(id) ?? null,
        insert: async (user: { readonly id: string }) => void users.set(user.id, user),
      },
      accounts: { insert: async () => {} },
      tenantAccounts: { insert: async () => {} },
    })
  }
  const store = {
    protocolVersion: PROTOCOL_VERSION,
    capabilities: SHALLOW_MANIFEST,
    read: access,
    transact: access,
    async close() {
      isClosed = true
    },
  }
  // Most of a store is missing: that is what it is for.
  return store as unknown as UserEngineStore
}

function freeze<Value extends object>(value: Value): Value {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) freeze(member)
  return Object.freeze(value)
}
