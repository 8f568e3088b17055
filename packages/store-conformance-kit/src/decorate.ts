// How a store is changed from the outside: everything that is not named passes through.
import type {
  OutboxPort,
  Scope,
  StoreReader,
  StoreTransaction,
  UserEngineStore,
} from '@user-engine/store-protocol'

/** The same object with some members replaced. */
export function override<Target extends object>(target: Target, changes: Partial<Target>): Target {
  return new Proxy(target, {
    get(original, key) {
      if (Object.hasOwn(changes, key)) return Reflect.get(changes, key)
      // The original's own `this`: its members may be private.
      const member: unknown = Reflect.get(original, key, original)
      return typeof member === 'function' ? member.bind(original) : member
    },
  })
}

/** A promise whose rejection never counts as unhandled, as the contract asks of every call on a handle. */
export function quietly<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => {})
  return promise
}

type Change<Handle> = (handle: Handle, scope: Scope) => Partial<Handle>

/** Changes what transactions are given, nested ones as well. */
export function changeTransactions(
  store: UserEngineStore,
  change: Change<StoreTransaction>,
): UserEngineStore {
  const changed = (tx: StoreTransaction, scope: Scope): StoreTransaction =>
    override(tx, {
      transact: (work) => tx.transact((nested) => work(changed(nested, scope))),
      ...change(tx, scope),
    })
  return override(store, {
    transact: (scope, work, options) => store.transact(scope, (tx) => work(changed(tx, scope)), options),
  })
}

/** Changes what reads are given, and the reading side of transactions. */
export function changeReaders(store: UserEngineStore, change: Change<StoreReader>): UserEngineStore {
  const inReads = override(store, {
    read: (scope, work, options) =>
      store.read(scope, (reader) => work(override(reader, change(reader, scope))), options),
  })
  return changeTransactions(inReads, (tx, scope) => {
    const changes = change(tx, scope)
    const merged: Record<string, unknown> = {}
    for (const [role, methods] of Object.entries(changes)) {
      const original: unknown = Reflect.get(tx, role)
      merged[role] =
        typeof methods === 'object' && methods !== null && typeof original === 'object' && original !== null
          ? withReads(original, methods)
          : methods
    }
    return merged as Partial<StoreTransaction>
  })
}

// The writing methods of a role stay those of the transaction.
function withReads(role: object, reads: object): object {
  return new Proxy(role, {
    get(original, key) {
      const member: unknown = Reflect.get(original, key, original)
      if (!['insert', 'update', 'delete', 'append'].includes(String(key))) return Reflect.get(reads, key)
      return typeof member === 'function' ? member.bind(original) : member
    },
  })
}

/** Changes the relay's side of the outbox. */
export function changeOutbox(
  store: UserEngineStore,
  change: (outbox: OutboxPort) => Partial<OutboxPort>,
): UserEngineStore {
  return override(store, { outbox: override(store.outbox, change(store.outbox)) })
}
