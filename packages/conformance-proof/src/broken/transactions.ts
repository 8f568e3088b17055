import { changeReaders, changeTransactions, override, quietly } from '@user-engine/store-conformance-kit'
import {
  isUserEngineError,
  type StoreTransaction,
  type User,
  UserEngineError,
} from '@user-engine/store-protocol'
import { type BrokenStore, broken } from '../store-under-proof.ts'

export const BROKEN_TRANSACTIONS: readonly BrokenStore[] = [
  broken('TXN-01', 'audit-beside', 'writes audit records in a transaction of their own', (store) =>
    changeTransactions(store, (tx, scope) => ({
      audit: override(tx.audit, {
        append: (record) => quietly(store.transact(scope, (own) => own.audit.append(record))),
      }),
    })),
  ),
  broken('TXN-01', 'events-beside', 'writes events in a transaction of their own', (store) =>
    changeTransactions(store, (tx, scope) => ({
      outbox: override(tx.outbox, {
        append: (event) => quietly(store.transact(scope, (own) => own.outbox.append(event))),
      }),
    })),
  ),
  broken('TXN-02', 'commits-failed-work', 'commits what was done before the work threw', (store) =>
    override(store, {
      async transact(scope, work, options) {
        let thrown: { readonly error: unknown } | null = null
        const result = await store.transact(
          scope,
          async (tx) => {
            try {
              return await work(tx)
            } catch (error) {
              thrown = { error }
              return undefined as never
            }
          },
          options,
        )
        const failure = thrown as { readonly error: unknown } | null
        if (failure !== null) throw failure.error
        return result
      },
    }),
  ),
  broken(
    'TXN-03',
    'rollback-as-success',
    'reports a transaction as committed that a swallowed failure rolled back',
    (store) =>
      override(store, {
        async transact(scope, work, options) {
          try {
            return await store.transact(scope, work, options)
          } catch (error) {
            if (isUserEngineError(error, 'TRANSACTION_ABORTED')) return undefined as never
            throw error
          }
        },
      }),
  ),
  broken('TXN-04', 'keys-ignored', 'does the work again for every repetition of a key', (store) =>
    override(store, {
      transact: (scope, work, { idempotency: _, ...options } = {}) => store.transact(scope, work, options),
    }),
  ),
  broken(
    'TXN-04',
    'fingerprint-ignored',
    'answers another request with the first result of its key',
    (store) =>
      override(store, {
        transact: (scope, work, { idempotency, ...options } = {}) =>
          store.transact(scope, work, {
            ...options,
            ...(idempotency === undefined ? {} : { idempotency: { ...idempotency, fingerprint: 'any' } }),
          }),
      }),
  ),
  broken('TXN-04', 'keys-of-everybody', 'shares idempotency keys between tenants', (store) => {
    const results = new Map<string, unknown>()
    return override(store, {
      async transact(scope, work, options) {
        const key = options?.idempotency?.key
        if (key !== undefined && results.has(key)) return results.get(key) as never
        const result = await store.transact(scope, work, options)
        if (key !== undefined) results.set(key, result)
        return result
      },
    })
  }),
  broken(
    'TXN-05',
    'no-savepoint',
    'runs nested work on the outer transaction and undoes nothing of it',
    (store) => {
      const flat = (tx: StoreTransaction): StoreTransaction =>
        override(tx, { transact: (work) => quietly((async () => await work(flat(tx)))()) })
      return override(store, {
        transact: (scope, work, options) => store.transact(scope, (tx) => work(flat(tx)), options),
      })
    },
  ),
  broken(
    'TXN-05',
    'inner-failure-dooms',
    'fails the outer transaction whenever an inner one failed',
    (store) =>
      override(store, {
        transact: (scope, work, options) =>
          store.transact(
            scope,
            async (tx) => {
              const doomed: unknown[] = []
              const watched: StoreTransaction = override(tx, {
                transact: (inner) =>
                  quietly(
                    tx.transact(inner).catch((error: unknown) => {
                      doomed.push(error)
                      throw error
                    }),
                  ),
              })
              const result = await work(watched)
              if (doomed.length > 0) throw doomed[0]
              return result
            },
            options,
          ),
      }),
  ),
  broken('TXN-06', 'reads-the-committed', 'reads users past its own transaction', (store) =>
    changeTransactions(store, (tx, scope) => ({
      users: override(tx.users, {
        get: (id) => quietly(store.read(scope, (reader) => reader.users.get(id))),
      }),
    })),
  ),
  broken('TXN-07', 'dirty-reads', 'shows changes of users that are not committed yet', (store) => {
    const pending = new Map<string, Partial<User>>()
    const writing = override(store, {
      async transact(scope, work, options) {
        const own: string[] = []
        try {
          return await store.transact(
            scope,
            (tx) =>
              work(
                override(tx, {
                  users: override(tx.users, {
                    update: (change) => {
                      own.push(change.id)
                      pending.set(change.id, change.set as Partial<User>)
                      return tx.users.update(change)
                    },
                  }),
                }),
              ),
            options,
          )
        } finally {
          for (const id of own) pending.delete(id)
        }
      },
    })
    return override(writing, {
      read: (scope, work, options) =>
        store.read(
          scope,
          (reader) =>
            work(
              override(reader, {
                users: override(reader.users, {
                  get: async (id) => {
                    const found = await reader.users.get(id)
                    return found === null ? null : { ...found, ...pending.get(id) }
                  },
                }),
              }),
            ),
          options,
        ),
    })
  }),
  broken('TXN-07', 'torn-reads', 'reads users at a moment of their own inside one read', (store) =>
    override(store, {
      read: (scope, work, options) =>
        store.read(
          scope,
          (reader) =>
            work(
              override(reader, {
                users: override(reader.users, {
                  get: (id) => quietly(store.read(scope, (own) => own.users.get(id))),
                }),
              }),
            ),
          options,
        ),
    }),
  ),
  broken('TXN-08', 'lives-after-its-end', 'takes calls on a handle whose transaction has ended', (store) =>
    changeTransactions(store, (tx, scope) => ({
      users: override(tx.users, {
        list: (page) =>
          quietly(
            tx.users.list(page).catch((error: unknown) => {
              if (!isUserEngineError(error, 'TRANSACTION_ENDED')) throw error
              return store.read(scope, (reader) => reader.users.list(page))
            }),
          ),
      }),
    })),
  ),
  broken('TXN-08', 'reordered', 'appends audit records in the reverse order of the calls', (store) =>
    override(store, {
      transact: (scope, work, options) =>
        store.transact(
          scope,
          async (tx) => {
            const appends: (() => Promise<void>)[] = []
            const result = await work(
              override(tx, {
                audit: override(tx.audit, {
                  append: async (record) => void appends.unshift(() => tx.audit.append(record)),
                }),
              }),
            )
            for (const append of appends) await append()
            return result
          },
          options,
        ),
    }),
  ),
  broken(
    'TXN-09',
    'gives-up-under-contention',
    'fails for good when many transactions run at once',
    (store) => {
      let running = 0
      return override(store, {
        async transact(scope, work, options) {
          running += 1
          try {
            if (running > 8) throw new UserEngineError('INTERNAL', { reference: 'too much at once' })
            return await store.transact(scope, work, options)
          } finally {
            running -= 1
          }
        },
      })
    },
  ),
  broken('TXN-10', 'renamed-failures', 'gives the failure of a write another name at the commit', (store) =>
    override(store, {
      transact: (scope, work, options) =>
        store.transact(scope, work, options).catch((error: unknown) => {
          if (!isUserEngineError(error, 'DUPLICATE_KEY')) throw error
          throw new UserEngineError('TRANSACTION_ABORTED', { causeCode: 'DUPLICATE_KEY' })
        }),
    }),
  ),
  broken('TXN-11', 'no-deadline', 'takes as long as it takes, whatever the limit', (store) => {
    const timeoutMs = store.capabilities.transactions.maxTimeoutMs
    return override(store, {
      read: (scope, work, options) => store.read(scope, work, { ...options, timeoutMs }),
      transact: (scope, work, options) => store.transact(scope, work, { ...options, timeoutMs }),
    })
  }),
  broken('TXN-06', 'forgets-deletes', 'goes on listing what its own transaction deleted', (store) =>
    changeReaders(store, (reader, scope) => ({
      memberships: override(reader.memberships, {
        listByGroup: (request) => quietly(store.read(scope, (own) => own.memberships.listByGroup(request))),
      }),
    })),
  ),
]
