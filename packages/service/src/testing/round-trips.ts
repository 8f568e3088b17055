import type { StoreReader, UserEngineStore } from '@user-engine/store-protocol'

/** Counts what a durable store would need round trips for, on a store that needs none. */
export interface RoundTripCounter {
  readonly store: UserEngineStore
  /** The round trips of the last unit of work: one for each group of reads that is waited for, and one for the commit. */
  readonly last: number
}

const WRITES = new Set(['insert', 'update', 'delete', 'append'])

/**
 * Reads that are asked for together travel together; a unit of work that waits for none of them itself travels as a
 * whole, with its commit [SHP-02].
 */
export function countRoundTrips(store: UserEngineStore): RoundTripCounter {
  let last = 0

  function observe<Handle extends StoreReader>(handle: Handle) {
    const ownPromises = new Set<unknown>()
    let groups = 0
    let group: Promise<void> | undefined
    const read = (answer: () => unknown) => {
      if (group === undefined) {
        groups++
        group = new Promise((resolve) => {
          setImmediate(() => {
            group = undefined
            resolve()
          })
        })
      }
      const promise = group.then(answer)
      ownPromises.add(promise)
      return promise
    }
    const observed = wrap(handle, read)
    const isWhole = (returned: unknown) => ownPromises.has(returned) || !(returned instanceof Promise)
    return { observed, isWhole, groups: () => groups }
  }

  return {
    get last() {
      return last
    },
    store: {
      ...delegate(store),
      async read(scope, work, options) {
        return await store.read(
          scope,
          async (reader) => {
            const { observed, groups } = observe(reader)
            const result = await work(observed)
            last = groups()
            return result
          },
          options,
        )
      },
      async transact(scope, work, options) {
        return await store.transact(
          scope,
          async (tx) => {
            const { observed, isWhole, groups } = observe(tx)
            const returned = work(observed)
            const isOneTrip = isWhole(returned)
            const result = await returned
            last = isOneTrip ? 1 : groups() + 1
            return result
          },
          options,
        )
      },
    },
  }
}

function wrap<Handle extends StoreReader>(handle: Handle, read: (answer: () => unknown) => unknown): Handle {
  return new Proxy(handle, {
    get(target, name) {
      const role: unknown = Reflect.get(target, name)
      if (typeof role === 'function')
        return (...args: unknown[]) => read(() => Reflect.apply(role, target, args))
      return typeof role === 'object' && role !== null ? wrapRole(role, read) : role
    },
  })
}

function wrapRole(role: object, read: (answer: () => unknown) => unknown): object {
  return new Proxy(role, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return (...args: unknown[]) => {
        const call = () => Reflect.apply(method, target, args)
        return WRITES.has(String(name)) ? call() : read(call)
      }
    },
  })
}

/** A store that passes every call on; the methods of a class do not survive a spread. */
export function delegate(store: UserEngineStore): UserEngineStore {
  return {
    protocolVersion: store.protocolVersion,
    capabilities: store.capabilities,
    outbox: store.outbox,
    read: (scope, work, options) => store.read(scope, work, options),
    transact: (scope, work, options) => store.transact(scope, work, options),
    recordDenial: (scope, record) => store.recordDenial(scope, record),
    readiness: () => store.readiness(),
    schemaVersion: () => store.schemaVersion(),
    diagnostics: () => store.diagnostics(),
    close: (options) => store.close(options),
  }
}
