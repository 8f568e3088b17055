import { setImmediate as turn } from 'node:timers/promises'
import { changeReaders, changeTransactions, override, quietly } from '@user-engine/store-conformance-kit'
import { isUserEngineError, type Scope, type User, type UserEngineStore } from '@user-engine/store-protocol'
import { type BrokenStore, broken } from '../store-under-proof.ts'

/** A copy of a store whose every error is what `change` makes of it. */
function changeErrors(store: UserEngineStore, change: (error: Error) => unknown): UserEngineStore {
  const rethrow = (error: unknown) => {
    throw error instanceof Error && isUserEngineError(error) ? change(error) : error
  }
  return override(store, {
    read: (...args) => store.read(...args).catch(rethrow) as never,
    transact: (...args) => store.transact(...args).catch(rethrow) as never,
  })
}

const DEFAULT_SCOPE: Scope = { tenantId: 'default' }
const isMissing = (scope: unknown) => typeof scope !== 'object' || scope === null

export const BROKEN_SHAPES: readonly BrokenStore[] = [
  broken('SHP-01', 'default-tenant', 'takes a missing scope for a default tenant', (store) =>
    override(store, {
      read: (scope, ...rest) => store.read(isMissing(scope) ? DEFAULT_SCOPE : scope, ...rest),
      transact: (scope, ...rest) => store.transact(isMissing(scope) ? DEFAULT_SCOPE : scope, ...rest),
    }),
  ),
  broken('SHP-01', 'scope-read-late', 'reads the scope when the work runs, not at the call', (store) =>
    override(store, {
      read: async (scope, ...rest) => {
        await turn()
        return await store.read({ ...scope }, ...rest)
      },
    }),
  ),
  broken(
    'SHP-02',
    'late-writes',
    'begins a write a turn after the call, when the transaction may have ended',
    (store) =>
      changeTransactions(store, (tx) => ({
        users: override(tx.users, {
          insert: (user) => quietly(turn().then(() => tx.users.insert(user))),
        }),
      })),
  ),
  broken('SHP-03', 'missing-method', 'has no way to extend a lease', (store) =>
    override(store, { outbox: override(store.outbox, { extend: undefined as never }) }),
  ),
  broken('SHP-03', 'unnamed-depth', 'refuses deep nesting with an error of its own', (store) =>
    override(store, {
      transact: (...args) =>
        store.transact(...args).catch((error: unknown) => {
          throw isUserEngineError(error, 'NOT_SUPPORTED') ? new RangeError('too deep') : error
        }),
    }),
  ),
  broken('SHP-04', 'manifest-can-change', 'hands out a manifest that can be changed', (store) =>
    override(store, { capabilities: structuredClone(store.capabilities) }),
  ),
  broken('SHP-04', 'manifest-changes', 'says something else after its first transaction', (store) => {
    let used = false
    const { capabilities } = store
    const later = Object.freeze({ ...capabilities, store: Object.freeze({ name: 'another', version: '2' }) })
    return new Proxy(store, {
      get(original, key) {
        if (key === 'capabilities') return used ? later : capabilities
        const member: unknown = Reflect.get(original, key, original)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => {
          used ||= key === 'transact'
          return Reflect.apply(member, original, args)
        }
      },
    })
  }),
  broken(
    'SHP-05',
    'errors-of-another-family',
    'throws plain errors that only look like those of the contract',
    (store) =>
      changeErrors(store, (error) =>
        Object.assign(new Error(error.message), { code: Reflect.get(error, 'code') }),
      ),
  ),
  broken('SHP-05', 'errors-without-data', 'leaves the data out of its errors', (store) =>
    changeErrors(store, (error) => override(error, { data: {} } as object)),
  ),
  broken('SHP-05', 'retry-everything', 'calls every error retryable', (store) =>
    changeErrors(store, (error) => override(error, { retryable: true } as object)),
  ),
  broken(
    'SHP-06',
    'shared-answers',
    'answers two reads of one version with one and the same object',
    (store) => {
      const answers = new Map<string, User>()
      return changeReaders(store, (reader) => ({
        users: override(reader.users, {
          get: async (id) => {
            const found = await reader.users.get(id)
            if (found === null) return null
            const key = `${id} ${found.version}`
            const answer = answers.get(key) ?? structuredClone(found)
            answers.set(key, answer)
            return answer
          },
        }),
      }))
    },
  ),
  broken('SHP-06', 'keeps-what-it-was-given', 'keeps the value it was given until the commit', (store) =>
    override(store, {
      transact: (scope, work, options) =>
        store.transact(
          scope,
          async (tx) => {
            const queued: (() => Promise<void>)[] = []
            const result = await work(
              override(tx, {
                users: override(tx.users, {
                  insert: async (user) => void queued.push(() => tx.users.insert(user)),
                }),
              }),
            )
            for (const insert of queued) await insert()
            return result
          },
          options,
        ),
    }),
  ),
]
